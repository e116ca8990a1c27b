package bugst

// Narrow returns an Opener without the side door, as on systems that have
// none.
func Narrow() *Opener { return &Opener{narrow: true} }

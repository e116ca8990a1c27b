package openvpn

// Store keeps the files of instances: keys, certificates, key material. What
// is in it is for its owner only. openvpn/filestore is the real one,
// openvpntest has a fake. Names are base names; an implementation refuses all
// others.
type Store interface {
	// Put keeps a file of an instance, in place of one of the same name.
	Put(instance, name string, content []byte) error
	// Get returns a file, or an error that wraps fs.ErrNotExist.
	Get(instance, name string) ([]byte, error)
	// List returns the names of the files of an instance, sorted.
	List(instance string) ([]string, error)
	// Delete removes an instance with all its files; of none it is no error.
	Delete(instance string) error
}

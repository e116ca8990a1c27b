// Package suite holds the tests that every provider of package api has to
// pass, real or fake:
//
//	func TestMySystem(t *testing.T) {
//		suite.TestSystem(t, func(t *testing.T) api.System { return mine.New() })
//	}
package suite

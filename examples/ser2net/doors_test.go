package main

import (
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDoors(t *testing.T) {
	var d doors
	l, err := d.listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accepted := make(chan error)
	go func() {
		for {
			c, err := l.Accept()
			if err == nil {
				err = c.Close()
			}
			accepted <- err
			if errors.Is(err, net.ErrClosed) {
				return
			}
		}
	}()
	dial := func() error {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		return c.Close()
	}
	require.NoError(t, dial())
	require.NoError(t, <-accepted)

	this := map[string]bool{"tcp 127.0.0.1:0": true}
	require.NoError(t, d.shut(this))
	require.NoError(t, d.shut(this), "again")
	assert.Error(t, dial())

	require.NoError(t, d.shut(nil))
	require.NoError(t, dial())
	require.NoError(t, <-accepted)

	require.NoError(t, d.shut(this))
	require.NoError(t, l.Close())
	require.ErrorIs(t, <-accepted, net.ErrClosed)
	require.ErrorIs(t, l.Close(), net.ErrClosed)
	require.NoError(t, d.shut(nil))
	assert.Error(t, dial(), "a door that is closed is not opened")
}

func TestADoorThatCannotBeOpened(t *testing.T) {
	var d doors
	l, err := d.listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, d.shut(map[string]bool{"tcp 127.0.0.1:0": true}))
	other, err := net.Listen("tcp", l.Addr().String())
	require.NoError(t, err)
	assert.ErrorContains(t, d.shut(nil), "address already in use")
	require.NoError(t, other.Close())
	require.NoError(t, d.shut(nil), "the next time it can")
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, l.Close())
	_, err = d.listen(t.Context(), "tcp", "127.0.0.1:x")
	assert.Error(t, err)
}

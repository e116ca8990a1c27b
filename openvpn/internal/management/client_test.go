package management_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

const greeting = ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info"

// peer is the other end of a connection, played by a test.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// expect reads commands.
func (p *peer) expect(commands ...string) {
	for _, want := range commands {
		got, err := p.in.ReadString('\n')
		assert.NoError(p.t, err)
		assert.Equal(p.t, want+"\n", got)
	}
}

// say writes lines as openvpn ends them.
func (p *peer) say(lines ...string) {
	_, err := p.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n"))
	assert.NoError(p.t, err)
}

// greet gets a connection opened.
func (p *peer) greet() {
	p.say(greeting)
	p.expect("pid")
	p.say("SUCCESS: pid=100")
}

// open connects to a peer that plays script. The events are those so far.
func open(t *testing.T, o management.Options, script func(p *peer)) (c *management.Connection, events func() []management.Event, err error) {
	ours, theirs := net.Pipe()
	go func() {
		script(&peer{t, theirs, bufio.NewReader(theirs)})
		_ = theirs.Close()
	}()
	var mu sync.Mutex
	var all []management.Event
	o.Handle = func(e management.Event) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, e)
	}
	c, err = management.Open(t.Context(), ours, 100, o)
	return c, func() []management.Event {
		mu.Lock()
		defer mu.Unlock()
		return all
	}, err
}

// serve runs a connection until the end of the test and returns why it ended.
func serve(c *management.Connection) (ended <-chan error) {
	end := make(chan error, 1)
	go func() { end <- c.Serve() }()
	return end
}

// Events may stand before and between replies, not in a body.
func TestConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, events, err := open(t, management.Options{}, func(p *peer) {
			p.say(greeting, ">HOLD:Waiting for hold release:0")
			p.expect("pid")
			p.say(">LOG:1,D,MANAGEMENT: CMD 'pid'", "SUCCESS: pid=100")
			p.expect("hold release")
			p.say(">LOG:1,D,x", "SUCCESS: hold release succeeded", ">STATE:1,WAIT,,,,,,")
			p.expect("status 3")
			p.say("TITLE\tx", "ERROR: no error here", "END")
			p.expect("log on all")
			p.say("SUCCESS: on", "1,I,a", "1,I,b", "END")
			p.expect("client-kill 7")
			p.say("ERROR: client-kill command failed")
			p.expect("client-auth 7 1", `push "route 10.0.0.0 255.0.0.0"`, "END")
			p.say("SUCCESS: client-auth command succeeded")
		})
		require.NoError(t, err)
		ended := serve(c)
		_, _, err = c.Do(t.Context(), management.HoldRelease())
		require.NoError(t, err)
		_, body, err := c.Do(t.Context(), management.Status())
		require.NoError(t, err)
		assert.Equal(t, []string{"TITLE\tx", "ERROR: no error here"}, body)
		text, body, err := c.Do(t.Context(), management.LogOnAll())
		require.NoError(t, err)
		assert.Equal(t, "on", text)
		assert.Equal(t, []string{"1,I,a", "1,I,b"}, body)
		_, _, err = c.Do(t.Context(), management.Kill(7))
		var refused *management.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "client-kill command failed", refused.Text)
		admit, err := management.Admit(7, 1, []openvpn.Option{{Name: "push", Args: []string{"route 10.0.0.0 255.0.0.0"}}})
		require.NoError(t, err)
		_, _, err = c.Do(t.Context(), admit)
		require.NoError(t, err)
		require.ErrorIs(t, <-ended, io.EOF)
		kinds := []management.Event{management.Hold{}}
		assert.Equal(t, kinds, events()[:1])
		assert.Len(t, events(), 4)
		_, _, err = c.Do(t.Context(), management.PID())
		assert.ErrorContains(t, err, "closed")
	})
}

// Commands from many goroutines are sent one at a time.
func TestOneCommandAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 50
		c, _, err := open(t, management.Options{}, func(p *peer) {
			p.greet()
			for range many {
				line, err := p.in.ReadString('\n')
				assert.NoError(t, err)
				assert.Zero(t, p.in.Buffered(), "another one came before the reply")
				p.say("SUCCESS: " + strings.TrimSpace(line))
			}
		})
		require.NoError(t, err)
		ended := serve(c)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				command := management.ByteCountEvery(i)
				text, _, err := c.Do(t.Context(), command)
				assert.NoError(t, err)
				assert.Equal(t, command.Name, text, "the reply is that of the command")
			})
		}
		all.Wait()
		<-ended
	})
}

// The reply to a command whose caller has gone is not given to the next one.
func TestCallerGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, err := open(t, management.Options{}, func(p *peer) {
			p.greet()
			p.expect("state")
			time.Sleep(2 * time.Second)
			p.say("1,WAIT,,,,,,", "END")
			p.expect("load-stats")
			p.say("SUCCESS: nclients=1")
		})
		require.NoError(t, err)
		ended := serve(c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = c.Do(ctx, management.CurrentState())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		text, _, err := c.Do(t.Context(), management.LoadStats())
		require.NoError(t, err)
		assert.Equal(t, "nclients=1", text)
		<-ended
	})
}

func TestOpenRefuses(t *testing.T) {
	for name, script := range map[string]struct {
		play func(p *peer)
		want error
		text string
		took time.Duration
	}{
		"mute":               {func(p *peer) { time.Sleep(time.Hour) }, management.ErrMute, "", 5 * time.Second},
		"half a greeting":    {func(p *peer) { _, _ = p.conn.Write([]byte(">INFO:Open")); time.Sleep(time.Hour) }, management.ErrMute, "", 5 * time.Second},
		"mute after that":    {func(p *peer) { p.say(greeting); p.expect("pid"); time.Sleep(time.Hour) }, management.ErrMute, "", 10 * time.Second},
		"closed":             {func(p *peer) {}, io.EOF, "", 0},
		"another process":    {func(p *peer) { p.say(greeting); p.expect("pid"); p.say("SUCCESS: pid=101") }, management.ErrOther, "101", 0},
		"no pid":             {func(p *peer) { p.say(greeting); p.expect("pid"); p.say("SUCCESS: hello") }, nil, "no process", 0},
		"pid refused":        {func(p *peer) { p.say(greeting); p.expect("pid"); p.say("ERROR: unknown command") }, nil, "unknown command", 0},
		"another protocol":   {func(p *peer) { p.say("220 mail.example.org ESMTP") }, nil, "no greeting", 0},
		"event, no greeting": {func(p *peer) { p.say(">HOLD:x:0") }, nil, "no greeting", 0},
		"endless line":       {func(p *peer) { _, _ = p.conn.Write([]byte(">" + strings.Repeat("x", 1<<20))) }, nil, "16384", 0},
		"NUL":                {func(p *peer) { p.say(">INFO:\x00") }, nil, "NUL", 0},
		"asks for a password of its own": {func(p *peer) {
			_, _ = p.conn.Write([]byte("ENTER PASSWORD:"))
			time.Sleep(time.Hour)
		}, management.ErrMute, "", 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				_, _, err := open(t, management.Options{}, script.play)
				require.Error(t, err)
				if script.want != nil {
					require.ErrorIs(t, err, script.want)
				}
				assert.ErrorContains(t, err, script.text)
				assert.Equal(t, script.took, time.Since(begin))
				time.Sleep(2 * time.Hour) // let the script end
			})
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := management.Open(ctx, ours, 100, management.Options{Handle: func(management.Event) {}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = theirs.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF)
	})
}

// What breaks a connection later.
func TestServeEnds(t *testing.T) {
	for name, script := range map[string]struct {
		play func(p *peer)
		text string
	}{
		"line out of turn": {func(p *peer) { p.say("SUCCESS: of what?") }, "nobody asked"},
		"malformed event":  {func(p *peer) { p.say(">BYTECOUNT:x") }, "malformed"},
		"endless line":     {func(p *peer) { _, _ = p.conn.Write([]byte(">LOG:1,I," + strings.Repeat("x", 20_000))) }, "16384"},
		"closed in a line": {func(p *peer) { _, _ = p.conn.Write([]byte(">LOG:1,I,")) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, err := open(t, management.Options{}, func(p *peer) {
					p.greet()
					script.play(p)
				})
				require.NoError(t, err)
				assert.ErrorContains(t, <-serve(c), script.text)
			})
		})
	}
}

// A reply that breaks off, or that never ends, fails the command and those
// that wait.
func TestReplyBreaks(t *testing.T) {
	for name, play := range map[string]func(p *peer){
		"closed":    func(p *peer) { p.say("1,WAIT,,,,,,") },
		"not begun": func(p *peer) {},
		"endless": func(p *peer) {
			line := []byte(strings.Repeat("x", 10_000) + "\n")
			for {
				if _, err := p.conn.Write(line); err != nil {
					return
				}
			}
		},
		"silent": func(p *peer) { time.Sleep(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, err := open(t, management.Options{}, func(p *peer) {
					p.greet()
					p.expect("state")
					play(p)
				})
				require.NoError(t, err)
				ended := serve(c)
				next := make(chan error, 2)
				c.Submit(management.CurrentState(), func(_ string, _ []string, err error) { next <- err })
				c.Submit(management.LoadStats(), func(_ string, _ []string, err error) { next <- err })
				require.Error(t, <-ended)
				assert.Error(t, <-next)
				assert.Error(t, <-next)
				time.Sleep(2 * time.Hour) // let the script end
			})
		})
	}
}

// A silent openvpn is asked whether it is there, and a stopped one is noticed.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		c, _, err := open(t, management.Options{}, func(p *peer) {
			p.greet()
			for range 3 {
				p.expect("load-stats")
				p.say("SUCCESS: nclients=1")
			}
			p.expect("load-stats")
			time.Sleep(time.Hour)
		})
		require.NoError(t, err)
		require.ErrorIs(t, <-serve(c), management.ErrSilent)
		assert.Equal(t, 4*5*time.Second+10*time.Second, time.Since(begin))
		time.Sleep(2 * time.Hour) // let the script end
	})
}

// Resolving a name stops all else in openvpn, which is no reason to give it
// up.
func TestResolvingTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, err := open(t, management.Options{}, func(p *peer) {
			p.greet()
			p.say(">STATE:1,RESOLVE,,,,,,")
			p.expect("load-stats")
			time.Sleep(40 * time.Second)
			p.say(">STATE:1,RECONNECTING,init_instance,,,,,", "SUCCESS: nclients=1")
			p.expect("load-stats")
			time.Sleep(40 * time.Second)
		})
		require.NoError(t, err)
		begin := time.Now()
		require.ErrorIs(t, <-serve(c), management.ErrSilent)
		assert.Equal(t, (5+40+5+10)*time.Second, time.Since(begin))
		time.Sleep(2 * time.Hour) // let the script end
	})
}

// The check is made also while openvpn talks all the time.
func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stolen := errors.New("stolen")
		begin := time.Now()
		c, _, err := open(t, management.Options{Check: func() error {
			if time.Since(begin) > 20*time.Second {
				return stolen
			}
			return nil
		}}, func(p *peer) {
			p.greet()
			for {
				if _, err := p.conn.Write([]byte(">BYTECOUNT:1,2\r\n")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		require.NoError(t, err)
		require.ErrorIs(t, <-serve(c), stolen)
		assert.LessOrEqual(t, time.Since(begin), 26*time.Second)
		time.Sleep(time.Hour) // let the script end
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, err := open(t, management.Options{}, func(p *peer) {
			p.greet()
			p.expect("load-stats")
			time.Sleep(time.Minute)
		})
		require.NoError(t, err)
		ended := serve(c)
		failed := make(chan error, 2000)
		for range 2000 {
			c.Submit(management.LoadStats(), func(_ string, _ []string, err error) { failed <- err })
		}
		assert.ErrorContains(t, <-failed, "1024 commands wait")
		require.NoError(t, c.Close())
		require.Error(t, <-ended)
		time.Sleep(time.Hour) // let the script end
	})
}

// Whatever comes from the socket, the connection ends and no command hangs.
func FuzzConversation(f *testing.F) {
	f.Add([]byte(greeting + "\r\nSUCCESS: pid=100\r\n>STATE:1,WAIT,,,,,,\r\n1,WAIT,,,,,,\r\nEND\r\n"))
	f.Add([]byte(greeting + "\r\n>HOLD:x\r\nERROR: x\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		go func() {
			_, _ = theirs.Write(in)
			_ = theirs.Close()
		}()
		c, err := management.Open(t.Context(), ours, 100, management.Options{Handle: func(e management.Event) { assert.NotNil(t, e) }})
		if err != nil {
			return
		}
		answered := make(chan error, 1)
		c.Submit(management.CurrentState(), func(_ string, _ []string, err error) { answered <- err })
		require.Error(t, c.Serve())
		<-answered
	})
}

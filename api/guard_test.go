package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// knocker asks a handler from any address with any key.
type knocker struct{ handler http.Handler }

func knock(t *testing.T, c api.Config) knocker {
	t.Helper()
	h, err := api.NewHandler(c, new(device).options())
	require.NoError(t, err)
	return knocker{h}
}

func (k knocker) ask(from, key string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/api/version", nil)
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(from), 4711).String()
	if key != "" {
		r.Header.Set("apiKey", key)
	}
	w := httptest.NewRecorder()
	k.handler.ServeHTTP(w, r)
	return w
}

const here, there = "192.0.2.7", "192.0.2.8"

// A thousand wrong keys lock their address out, and no other.
func TestThousandWrongKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := knock(t, allOn(t))
		count := make(map[int]int)
		for i := range 1000 {
			w := k.ask(here, fmt.Sprintf("wrong key number %d", i))
			count[w.Code]++
			if w.Code == 429 {
				assert.Equal(t, "1", w.Header().Get("Retry-After"))
				assertError(t, 429, "Too many wrong keys from this address, try again later.", w.Code, w.Body.String())
			}
		}
		assert.Equal(t, map[int]int{401: 10, 429: 990}, count)
		assert.Equal(t, 200, k.ask(there, testKey).Code, "another address")
		assert.Equal(t, 401, k.ask(here, "").Code, "no key is no try")
		assert.Equal(t, 429, k.ask(here, testKey).Code, "a right key is not told from a wrong one")
		time.Sleep(time.Second)
		assert.Equal(t, 200, k.ask(here, testKey).Code)
	})
}

func TestLockOutGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := knock(t, allOn(t))
		for range 9 {
			require.Equal(t, 401, k.ask(here, "wrong").Code)
		}
		for _, want := range []int{1, 2, 4, 8, 16, 30, 30} {
			require.Equal(t, 401, k.ask(here, "wrong").Code)
			for left := want; left > 0; left-- {
				w := k.ask(here, "wrong")
				require.Equal(t, 429, w.Code)
				require.Equal(t, fmt.Sprint(left), w.Header().Get("Retry-After"))
				time.Sleep(time.Second)
			}
		}
		time.Sleep(10*time.Minute + time.Second)
		for range 10 {
			require.Equal(t, 401, k.ask(here, "wrong").Code, "all is forgotten")
		}
		require.Equal(t, 429, k.ask(here, "wrong").Code)
	})
}

// A client whose key has opened goes on while another behind the same address
// tries keys; how many keys are looked at meanwhile is bounded.
func TestLockOutSparesKnownKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := allOn(t)
		other := api.NewKey()
		hash, err := api.HashKey(other)
		require.NoError(t, err)
		c.Keys = append(c.Keys, api.Key{Name: "other", Hash: hash})
		k := knock(t, c)
		require.Equal(t, 200, k.ask(here, testKey).Code)
		for range 10 {
			k.ask(here, "wrong")
		}
		assert.Equal(t, 200, k.ask(here, testKey).Code)
		assert.Equal(t, 429, k.ask(here, other).Code, "a key that has not opened from here")
		good := 0
		for range 100 {
			if k.ask(here, testKey).Code == 200 {
				good++
			}
		}
		assert.Less(t, good, 20)

		time.Sleep(time.Minute)
		for range 3 { // after each wrong key, for more than an hour
			for k.ask(here, "wrong").Code != 429 {
			}
			time.Sleep(time.Hour)
		}
		k.ask(here, "wrong")
		for range 10 {
			k.ask(here, "wrong")
		}
		assert.Equal(t, 429, k.ask(here, testKey).Code, "not used for an hour")
	})
}

func TestLockOutCanBeOff(t *testing.T) {
	c := allOn(t)
	c.Limits.WrongKeys = -1
	k := knock(t, c)
	for range 100 {
		require.Equal(t, 401, k.ask(here, "wrong").Code)
	}
	assert.Equal(t, 200, k.ask(here, testKey).Code)
}

// An IPv6 client has 2^64 addresses, and is one client.
func TestLockOutOfIPv6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := knock(t, allOn(t))
		for i := range 10 {
			require.Equal(t, 401, k.ask(fmt.Sprintf("2001:db8::%x", i), "wrong").Code)
		}
		assert.Equal(t, 429, k.ask("2001:db8::ffff", testKey).Code)
		assert.Equal(t, 200, k.ask("2001:db8:0:1::1", testKey).Code)
		assert.Equal(t, 200, k.ask("::ffff:"+here, testKey).Code)
	})
}

// What is remembered is bounded, and a lock-out is not washed out by others.
func TestManySources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := knock(t, allOn(t))
		for range 10 {
			k.ask(here, "wrong")
		}
		require.Equal(t, 429, k.ask(here, "wrong").Code)
		for i := range 5000 {
			k.ask(fmt.Sprintf("10.0.%d.%d", i/250, i%250), "wrong")
		}
		assert.Equal(t, 429, k.ask(here, "wrong").Code)
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := allOn(t)
		c.Limits.RequestsPerSecond = 5
		k := knock(t, c)
		good := func(from string) (n int) {
			for range 30 {
				w := k.ask(from, testKey)
				if w.Code == 200 {
					n++
					continue
				}
				assertError(t, 429, "Too many requests from this address, try again later.", w.Code, w.Body.String())
				assert.Equal(t, "1", w.Header().Get("Retry-After"))
			}
			return n
		}
		assert.Equal(t, 10, good(here))
		assert.Equal(t, 10, good(there), "each address has its own")
		time.Sleep(time.Second)
		assert.Equal(t, 5, good(here))
		time.Sleep(time.Hour)
		assert.Equal(t, 10, good(here))
	})
}

func TestKeyOfSomeEndpoints(t *testing.T) {
	c := allOn(t)
	c.Keys[0].Endpoints = []string{"version", "device_tag_value", "actions"}
	c.Endpoints.DeviceTagValue = false
	var d device
	d.fill()
	a := serve(t, c, d.options())
	assert.Equal(t, 200, a.get("/api/version").Status)
	reply := a.get("/api/syslog")
	assertError(t, 403, "This key does not open this endpoint.", reply.Status, reply.Body)
	reply = a.good("/api/device/tag/value")
	assertError(t, 403, "This endpoint is switched off.", reply.Status, reply.Body)
	assert.Equal(t, 404, a.get("/api/nothing").Status)
	assert.Equal(t, 200, a.get("/api/openapi.json").Status)
	assert.JSONEq(t, `{"total_actions":"2","actions":[{"endpoint":"/api/version","input":""},{"endpoint":"/api/actions","input":""}]}`,
		a.get("/api/actions").Body)
}

func TestKeyOfSomeSources(t *testing.T) {
	c := allOn(t)
	c.Keys[0].Sources = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/29"), netip.MustParsePrefix("2001:db8::/32")}
	k := knock(t, c)
	for from, want := range map[string]int{
		here: 200, there: 401, "::ffff:" + here: 200, "2001:db8:7::1": 200, "2001:db9::1": 401, "127.0.0.1": 401,
	} {
		assert.Equal(t, want, k.ask(from, testKey).Code, from)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/version", nil)
	r.RemoteAddr = there + ":1"
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded"} {
		r.Header.Set(name, here)
	}
	r.Header.Set("apiKey", testKey)
	w := httptest.NewRecorder()
	k.handler.ServeHTTP(w, r)
	assert.Equal(t, 401, w.Code, "only the connection's address counts")
}

// Old and new key stand side by side until the old one ends.
func TestKeyRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := allOn(t)
		next := api.NewKey()
		hash, err := api.HashKey(next)
		require.NoError(t, err)
		c.Keys[0].Expires = time.Now().Add(time.Hour)
		c.Keys = append(c.Keys, api.Key{Name: "next", Hash: hash})
		k := knock(t, c)
		time.Sleep(time.Hour - time.Nanosecond)
		assert.Equal(t, 200, k.ask(here, testKey).Code)
		assert.Equal(t, 200, k.ask(here, next).Code)
		time.Sleep(time.Nanosecond)
		assert.Equal(t, 401, k.ask(here, testKey).Code)
		assert.Equal(t, 200, k.ask(here, next).Code)
	})
}

// A key in the query is refused even beside the right header, and not logged.
func TestKeyInQueryIsRefused(t *testing.T) {
	var d device
	a := serve(t, allOn(t), d.options())
	for _, query := range []string{"apiKey=x", "a=b&APIKEY=" + strings.ReplaceAll(testKey, " ", "+"), "api%4Bey=secret-in-the-query", "apiKey", "%zz&apikey=1"} {
		reply := a.get("/api/version?" + query)
		assertError(t, 401, "Unauthorized access.", reply.Status, reply.Body)
	}
	assert.Equal(t, 200, a.get("/api/version?key=1&myapiKey=2").Status)
	assert.NotContains(t, d.log.String(), "secret-in-the-query")
	assert.NotContains(t, d.log.String(), testKey)
}

package main

import "net/http"

// refusal answers in the words of the API where there is none. The sentence
// needs no escaping.
func refusal(status int, sentence string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"error":"` + sentence + `"}` + "\n"))
	})
}

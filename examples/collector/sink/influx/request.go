package influx

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 64 << 10

// post sends s.body to be written.
func (s *Sink) post(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.writeURL, bytes.NewReader(s.body.Bytes()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	request.Header.Set("Content-Encoding", "gzip")
	_, err = s.do(request)
	return err
}

// createDatabase makes the database; one that exists stays as it is.
func (s *Sink) createDatabase(ctx context.Context) error {
	form := url.Values{"q": {`CREATE DATABASE "` + s.config.Database + `"`}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.queryURL, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body, err := s.do(request)
	if err != nil {
		return fmt.Errorf("create database %s: %w", s.config.Database, err)
	}
	var answer struct {
		Results []struct {
			Error string `json:"error"`
		} `json:"results"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("create database %s: unreadable answer: %w", s.config.Database, err)
	}
	for _, result := range answer.Results {
		if result.Error != "" {
			return fmt.Errorf("create database %s: %s", s.config.Database, result.Error)
		}
	}
	return nil
}

// do returns the body of a successful answer, or a *statusError.
func (s *Sink) do(request *http.Request) ([]byte, error) {
	if s.config.User != "" {
		request.SetBasicAuth(s.config.User, s.config.Password.Reveal())
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return nil, &statusError{response.StatusCode, oneLine(body)}
	}
	return body, nil
}

// oneLine returns what the body of an error says.
func oneLine(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	text := string(body)
	if json.Unmarshal(body, &answer) == nil && answer.Error != "" {
		text = answer.Error
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
}

var droppedCount = regexp.MustCompile(`dropped=(\d+)`)

// refusedLines returns how many of count lines an answer of 400 or 413 refused.
// InfluxDB 1.x says "partial write: ... dropped=N"; lines that it cannot read
// are named one by one, with dropped=0 when it has stored others.
func refusedLines(e *statusError, count int) uint64 {
	if !strings.Contains(e.text, "partial write") {
		return uint64(count)
	}
	if found := droppedCount.FindStringSubmatch(e.text); found != nil {
		if n, err := strconv.ParseUint(found[1], 10, 64); err == nil && n > 0 {
			return n
		}
	}
	return uint64(max(strings.Count(e.text, "unable to parse"), 1))
}

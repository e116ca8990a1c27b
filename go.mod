module github.com/fieldgate/fieldgate

go 1.26.0

require github.com/stretchr/testify v1.12.1

require (
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/google/renameio/v2 v2.0.2 // indirect
	github.com/prometheus/procfs v0.23.0 // indirect
	github.com/thejerf/suture/v4 v4.0.6 // indirect
	go.uber.org/goleak v1.3.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	go.yaml.in/yaml/v4 v4.0.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

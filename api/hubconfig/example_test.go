package hubconfig_test

import (
	"fmt"

	"github.com/fieldgate/fieldgate/api/hubconfig"
)

// A configuration in YAML, with a job that is no reading one.
func ExampleImport() {
	const file = `
devices:
  - {device_alias: INV1, protocol: modbus tcp, host: 192.168.1.20}
signals:
  - {device_alias: INV1, signal_alias: P, job_todo: 3;100;2, number_type: float}
  - {device_alias: INV1, signal_alias: Q, job_todo: 6;100;2, number_type: float}
`
	config, report, err := hubconfig.Import([]byte(file))
	fmt.Println(len(config.Devices), err != nil)
	fmt.Print(report)
	// Output:
	// 0 true
	// error: line 6, column 53: job_todo: job "6;100;2": function 6 writes, this hub only reads
	// 1 error, nothing was changed
}

// Package telemetrytest has what tests of telemetry need on both ends: a
// [Source] with living values and faults on request, and a [Collector] that
// receives what an agent sends. The conformance tests for a Source are in
// telemetrytest/suite.
package telemetrytest

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/fieldgate/fieldgate/snmp"
)

// The numbers of rows whose cost is compared.
const (
	fewRows  = 1_000
	manyRows = 10_000
)

// tableEntry is where the table of so many rows is, in the part of net-snmp's
// enterprise that is free for private use.
const tableEntry = ".1.3.6.1.4.1.8072.9999.9999.1.1"

// row is a row of the table.
type row struct {
	index uint32
	name  string
}

// tableColumns are a number, a text and a counter.
func tableColumns() []snmp.Column[row] {
	return []snmp.Column[row]{
		{Arc: 1, Value: func(r *row) snmp.Value { return snmp.Integer(int32(r.index)) }},
		{Arc: 2, Value: func(r *row) snmp.Value { return snmp.OctetString(r.name) }},
		{Arc: 3, Value: func(r *row) snmp.Value { return snmp.Counter64(uint64(r.index) << 20) }},
	}
}

// serveTable is the agent with a table, a process of its own.
func serveTable(ctx context.Context, count int, address string) error {
	entry := snmp.MustParseOID(tableEntry)
	rows := make([]row, count)
	for i := range rows {
		rows[i] = row{uint32(i + 1), fmt.Sprintf("row %d", i+1)}
	}
	var b snmp.Builder
	snmp.AddTable(&b, entry, tableColumns(), rows, func(r *row) []uint32 { return []uint32{r.index} })
	list, err := b.List()
	if err != nil {
		return err
	}
	agent, err := snmp.New(snmp.Config{
		Enabled: true, Listen: []string{address},
		Communities: []snmp.Community{{Community: snmp.NewSecret(community)}},
	}, snmp.Options{Handlers: []snmp.Mount{{Prefix: entry[:len(entry)-1], Handler: list}}})
	if err != nil {
		return err
	}
	if err := agent.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return agent.Stop(context.Background())
}

// startTable starts this program as the agent with a table.
func startTable(ctx context.Context, count int) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return start(ctx, address, self, "-table", fmt.Sprint(count), address.String())
}

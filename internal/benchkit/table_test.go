package benchkit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

func TestTable(t *testing.T) {
	assert.Equal(t, ""+
		"| figure | us  |\n"+
		"| ------ | --- |\n"+
		"| rate   | 1/s |\n"+
		"| p50    |     |\n",
		benchkit.Table([]string{"figure", "us"}, [][]string{{"rate", "1/s"}, {"p50", ""}}))
}

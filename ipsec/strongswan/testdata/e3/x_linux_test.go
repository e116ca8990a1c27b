package strongswan_test
import "github.com/fieldgate/fieldgate/ipsec"
func with(c ipsec.Config, ike []ipsec.Phase1Proposal, esp []ipsec.Phase2Proposal) ipsec.Config {
	if ike != nil {
		c.Phase1Proposals, c.Connections[0].Phase1 = ike, nil
		for i := range ike {
			ike[i].Name = "ike" + string(rune('a'+i))
			c.Connections[0].Phase1 = append(c.Connections[0].Phase1, ike[i].Name)
		}
	}
	if esp != nil {
		c.Phase2Proposals, c.Connections[0].Phase2 = esp, nil
		for i := range esp {
			esp[i].Name = "esp" + string(rune('a'+i))
			c.Connections[0].Phase2 = append(c.Connections[0].Phase2, esp[i].Name)
		}
	}
	return c
}

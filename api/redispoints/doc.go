// Package redispoints is the provider of points for package api where a
// protocol hub has the reference's tag bus: topics of a Redis server.
//
//	topic     tag/<device_alias>/<signal_alias>/rin   and   .../out
//	message   value,timeStamp,flags                   such as 5.959,1708000203824,
//
//	value      a float, an integer or nan
//	timeStamp  Unix time in ms
//	flags      words, of which IV (invalid), NT (non-topical) and OV
//	           (overflow) make the value a bad one; often empty
//
// rin is what came in from the device, out is what goes out to it: the value
// of a tag is that of rin, unless [Config].ValueTopic says otherwise.
//
// The bus carries values only, so the devices and their tags are given in the
// [Config], one by one; topics of others are left aside. It keeps nothing
// either: a tag has no value until the hub publishes one after Start. When
// the bus is lost, every tag keeps its last value with the flag NT, which goes
// when the next value comes, since one may have been missed meanwhile.
//
// A message has 64 KiB at the most; a bus that sends more is left and called
// again, so that memory stays bounded by the number of tags.
package redispoints

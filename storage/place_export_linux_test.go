package storage

var (
	RemoteMagic = remoteMagic
	FuseKind    = fuseKind
)

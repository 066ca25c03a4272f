package main

import (
	"encoding/binary"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// call is one bpf() that makes something: its attributes as the kernel is given them, and the bytes that they point to.
type call struct {
	Command string `json:"command"`
	Attr    []byte `json:"attr"`
	BTF     []byte `json:"btf,omitempty"`
	Insns   []byte `json:"insns,omitempty"`
	Funcs   []byte `json:"funcs,omitempty"`
	Lines   []byte `json:"lines,omitempty"`
}

// tap listens to the calls of one thread. The kernel tells it of each before it looks at it itself.
type tap struct {
	calls []call
}

const (
	seccompNewListener  = 1 << 3
	seccompModeFilter   = 1
	retAllow            = 0x7fff0000
	retNotify           = 0x7fc00000
	notifyReceive       = 0xc0502100
	notifySend          = 0xc0182101
	goOn                = 1
	argumentAt          = 16
	loadWord, jumpEqual = 0x20, 0x15
	giveBack            = 0x06
)

// notification is the kernel's struct seccomp_notif.
type notification struct {
	id         uint64
	pid, flags uint32
	number     int32
	arch       uint32
	at         uint64
	arguments  [6]uint64
}

type response struct {
	id    uint64
	value int64
	error int32
	flags uint32
}

// newTap makes the calling goroutine keep its thread, and listens to what that one asks of bpf().
func newTap() (*tap, error) {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	filter := []unix.SockFilter{
		{Code: loadWord, K: 0},
		{Code: jumpEqual, Jf: 5, K: unix.SYS_BPF},
		{Code: loadWord, K: argumentAt},
		{Code: jumpEqual, Jt: 2, K: unix.BPF_MAP_CREATE},
		{Code: jumpEqual, Jt: 1, K: unix.BPF_PROG_LOAD},
		{Code: jumpEqual, Jf: 1, K: unix.BPF_BTF_LOAD},
		{Code: giveBack, K: retNotify},
		{Code: giveBack, K: retAllow},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, seccompModeFilter, seccompNewListener, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return nil, errno
	}
	t := &tap{}
	go t.listen(fd)
	return t, nil
}

func (t *tap) listen(fd uintptr) {
	runtime.LockOSThread()
	for {
		var asked notification
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, notifyReceive, uintptr(unsafe.Pointer(&asked)))
		if errno == unix.EINTR || errno == unix.ENOENT {
			continue
		}
		if errno != 0 {
			panic(errno)
		}
		t.note(asked.arguments)
		reply := response{id: asked.id, flags: goOn}
		unix.Syscall(unix.SYS_IOCTL, fd, notifySend, uintptr(unsafe.Pointer(&reply)))
	}
}

// pointed copies bytes of this process; nothing for a null pointer.
func pointed(address, size uint64) []byte {
	if address == 0 || size == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&address))), size)...)
}

func (t *tap) note(arguments [6]uint64) {
	attr := pointed(arguments[1], arguments[2])
	one := call{Attr: attr}
	long := func(at int) uint64 {
		if at+8 > len(attr) {
			return 0
		}
		return binary.LittleEndian.Uint64(attr[at:])
	}
	word := func(at int) uint64 { return long(at) & 0xffffffff }
	switch uint32(arguments[0]) {
	case unix.BPF_MAP_CREATE:
		one.Command = "map"
	case unix.BPF_BTF_LOAD:
		one.Command = "btf"
		one.BTF = pointed(long(0), word(16))
	case unix.BPF_PROG_LOAD:
		one.Command = "program"
		one.Insns = pointed(long(8), 8*word(4))
		one.Funcs = pointed(long(80), word(76)*word(88))
		one.Lines = pointed(long(96), word(92)*word(104))
	}
	t.calls = append(t.calls, one)
}

// taken returns the calls since it was asked last.
func (t *tap) taken() []call {
	if t == nil {
		return nil
	}
	calls := t.calls
	t.calls = nil
	return calls
}

// The cilium/ebpf judge: loads one object as a Go program would and prints what became of it as one JSON line.
//
//	judge [-open-only] [-pins DIR] [-calls] OBJECT
//	judge [-open-only] [-pins DIR] [-calls] -stream
//
// A stream is any number of objects on standard input, each behind its length (4 bytes, little-endian), and a line is printed for each.
// DIR is a bpffs folder for maps that are pinned by name; the caller gives one that nobody else sees.
// With -calls each map and each program is also loaded alone, and what the kernel was asked for then is told.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sort"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// report is everything that the library made of the object; a nil error is success.
type report struct {
	Version string `json:"version"`
	// Panic is what the library fell with over one object of a stream.
	Panic    *string   `json:"panic,omitempty"`
	Open     verdict   `json:"open"`
	Load     *verdict  `json:"load"`
	Maps     []mapInfo `json:"maps"`
	Programs []program `json:"programs"`
	// Variables of data sections, by name.
	Variables []variable `json:"variables"`
}

type variable struct {
	Name    string  `json:"name"`
	Section string  `json:"section"`
	Offset  uint32  `json:"offset"`
	Size    uint32  `json:"size"`
	Type    *string `json:"type"`
}

type verdict struct {
	OK    bool    `json:"ok"`
	Errno int     `json:"errno"`
	Error *string `json:"error"`
}

type mapInfo struct {
	Name       string   `json:"name"`
	Type       uint32   `json:"type"`
	KeySize    uint32   `json:"keySize"`
	ValueSize  uint32   `json:"valueSize"`
	MaxEntries uint32   `json:"maxEntries"`
	MapFlags   uint32   `json:"mapFlags"`
	MapExtra   uint64   `json:"mapExtra"`
	NumaNode   uint32   `json:"numaNode"`
	Pinning    uint32   `json:"pinning"`
	Key        *string  `json:"key"`
	Value      *string  `json:"value"`
	Inner      *mapInfo `json:"inner"`
	// Contents are the slots that name a map or a program: "1=name".
	Contents []string `json:"contents"`
	// Created tells whether the map could be created alone, if it was tried.
	Created *verdict `json:"created"`
	// Kernel is what the kernel holds of a map that was created.
	Kernel *kernelMap `json:"kernel"`
	// Calls are those to create it alone.
	Calls []call `json:"calls,omitempty"`
}

// kernelMap begins like the kernel's struct bpf_map_info; ids are 0 if the map was created without BTF.
type kernelMap struct {
	Type           uint32 `json:"type"`
	ID             uint32 `json:"-"`
	KeySize        uint32 `json:"keySize"`
	ValueSize      uint32 `json:"valueSize"`
	MaxEntries     uint32 `json:"maxEntries"`
	MapFlags       uint32 `json:"mapFlags"`
	_              [10]uint32
	BTFID          uint32 `json:"btfId"`
	BTFKeyTypeID   uint32 `json:"btfKeyTypeId"`
	BTFValueTypeID uint32 `json:"btfValueTypeId"`
	_              uint32
}

type program struct {
	Name    string   `json:"name"`
	Section string   `json:"section"`
	Type    uint32   `json:"type"`
	Loaded  *verdict `json:"loaded"`
	// Calls are those to load it alone.
	Calls []call `json:"calls,omitempty"`
}

func judged(err error) verdict {
	if err == nil {
		return verdict{OK: true}
	}
	var errno unix.Errno
	errors.As(err, &errno)
	// %+v of a VerifierError is the whole log; the caller wants the reason, which stands in the last lines.
	text := fmt.Sprintf("%+v", err)
	if len(text) > 64<<10 {
		text = text[len(text)-64<<10:]
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	return verdict{Errno: int(errno), Error: &text}
}

func typeName(t btf.Type) *string {
	if t == nil {
		return nil
	}
	name := strings.ToValidUTF8(fmt.Sprintf("%v", t), "\uFFFD")
	return &name
}

func describe(spec *ebpf.MapSpec) mapInfo {
	info := mapInfo{
		Name: spec.Name, Type: uint32(spec.Type), KeySize: spec.KeySize, ValueSize: spec.ValueSize,
		MaxEntries: spec.MaxEntries, MapFlags: spec.Flags, MapExtra: spec.MapExtra, NumaNode: spec.NumaNode,
		Pinning: uint32(spec.Pinning), Key: typeName(spec.Key), Value: typeName(spec.Value),
	}
	info.Contents = []string{}
	for _, slot := range spec.Contents {
		if name, ok := slot.Value.(string); ok {
			info.Contents = append(info.Contents, fmt.Sprintf("%v=%s", slot.Key, name))
		}
	}
	if spec.InnerMap != nil {
		inner := describe(spec.InnerMap)
		info.Inner = &inner
	}
	return info
}

// inKernel asks the kernel itself, since MapInfo keeps the type ids to itself.
func inKernel(m *ebpf.Map) *kernelMap {
	var info kernelMap
	attr := struct {
		fd, size uint32
		info     unsafe.Pointer
	}{uint32(m.FD()), uint32(unsafe.Sizeof(info)), unsafe.Pointer(&info)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_OBJ_GET_INFO_BY_FD, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if errno != 0 {
		return nil
	}
	return &info
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// loader opens a collection in a pin folder of its own, since a second load would find the maps of the first.
type loader struct {
	pins string
	next int
	tap  *tap
}

func (l *loader) load(spec *ebpf.CollectionSpec) (*ebpf.Collection, error) {
	options := ebpf.CollectionOptions{}
	if l.pins != "" {
		options.Maps.PinPath = filepath.Join(l.pins, fmt.Sprint(l.next))
		l.next++
		if err := os.MkdirAll(options.Maps.PinPath, 0o700); err != nil {
			return nil, err
		}
	}
	return ebpf.NewCollectionWithOptions(spec, options)
}

// alone loads the part of the object that keep leaves over.
func (l *loader) alone(spec *ebpf.CollectionSpec, keep func(*ebpf.CollectionSpec)) (*ebpf.Collection, error) {
	part := spec.Copy()
	keep(part)
	return l.load(part)
}

func (l *loader) judge(spec *ebpf.CollectionSpec, out *report) {
	whole, err := l.load(spec.Copy())
	load := judged(err)
	out.Load = &load
	if err == nil {
		defer whole.Close()
	}
	for i := range out.Maps {
		m := &out.Maps[i]
		if err == nil {
			m.Created = &load
			m.Kernel = inKernel(whole.Maps[m.Name])
			if l.tap == nil {
				continue
			}
		}
		l.tap.taken()
		one, oneErr := l.alone(spec, func(part *ebpf.CollectionSpec) {
			clear(part.Programs)
			for name := range part.Maps {
				if name != m.Name {
					delete(part.Maps, name)
				}
			}
			for name, v := range part.Variables {
				if v.SectionName != m.Name {
					delete(part.Variables, name)
				}
			}
		})
		m.Calls = l.tap.taken()
		if err != nil {
			created := judged(oneErr)
			m.Created = &created
		}
		if oneErr == nil {
			m.Kernel = inKernel(one.Maps[m.Name])
			one.Close()
		}
	}
	for i := range out.Programs {
		p := &out.Programs[i]
		if err == nil {
			p.Loaded = &load
			if l.tap == nil {
				continue
			}
		}
		l.tap.taken()
		one, oneErr := l.alone(spec, func(part *ebpf.CollectionSpec) {
			for name := range part.Programs {
				if name != p.Name {
					delete(part.Programs, name)
				}
			}
		})
		p.Calls = l.tap.taken()
		if err != nil {
			loaded := judged(oneErr)
			p.Loaded = &loaded
		}
		if oneErr == nil {
			one.Close()
		}
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/cilium/ebpf" {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return ""
}

func main() {
	openOnly := flag.Bool("open-only", false, "only parse")
	pins := flag.String("pins", "", "bpffs folder for pinned maps")
	stream := flag.Bool("stream", false, "read many objects from standard input")
	calls := flag.Bool("calls", false, "tell what is asked of the kernel")
	showVersion := flag.Bool("version", false, "print the version of cilium/ebpf")
	flag.Parse()
	if *showVersion {
		fmt.Println(version())
		return
	}
	l := &loader{pins: *pins}
	if err := rlimit.RemoveMemlock(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if *calls {
		var err error
		if l.tap, err = newTap(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if *stream {
		if err := l.stream(os.Stdin, *openOnly); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	spec, err := ebpf.LoadCollectionSpec(flag.Arg(0))
	if err := json.NewEncoder(os.Stdout).Encode(l.report(spec, err, *openOnly)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// empty is the report of what was not opened.
func empty() report {
	return report{Version: version(), Maps: []mapInfo{}, Programs: []program{}, Variables: []variable{}}
}

// report tells what became of a spec, or why there is none.
func (l *loader) report(spec *ebpf.CollectionSpec, err error, openOnly bool) report {
	out := empty()
	out.Open = judged(err)
	if err != nil {
		return out
	}
	for _, name := range sortedKeys(spec.Maps) {
		info := describe(spec.Maps[name])
		info.Name = name
		out.Maps = append(out.Maps, info)
	}
	for _, name := range sortedKeys(spec.Programs) {
		p := spec.Programs[name]
		out.Programs = append(out.Programs, program{Name: name, Section: p.SectionName, Type: uint32(p.Type)})
	}
	for _, name := range sortedKeys(spec.Variables) {
		v := spec.Variables[name]
		one := variable{Name: name, Section: v.SectionName, Offset: v.Offset, Size: uint32(len(v.Value))}
		if v.Type != nil {
			one.Type = typeName(v.Type)
		}
		out.Variables = append(out.Variables, one)
	}
	if !openOnly {
		l.judge(spec, &out)
	}
	return out
}

// stream reports of one object after the other, until there are no more.
func (l *loader) stream(in io.Reader, openOnly bool) error {
	reader, writer := bufio.NewReader(in), bufio.NewWriter(os.Stdout)
	for {
		var size uint32
		if err := binary.Read(reader, binary.LittleEndian, &size); err == io.EOF {
			return writer.Flush()
		} else if err != nil {
			return err
		}
		object := make([]byte, size)
		if _, err := io.ReadFull(reader, object); err != nil {
			return err
		}
		if err := json.NewEncoder(writer).Encode(l.caught(object, openOnly)); err != nil {
			return err
		}
	}
}

func (l *loader) caught(object []byte, openOnly bool) (out report) {
	defer func() {
		if reason := recover(); reason != nil {
			text := fmt.Sprint(reason)
			out = empty()
			out.Panic = &text
		}
	}()
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	return l.report(spec, err, openOnly)
}

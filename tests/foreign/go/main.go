// tlogverify checks a log in a directory with golang.org/x/mod/sumdb, note and tlog, which is not ours:
//
//	tlogverify DIR OLDCHECKPOINT|- VKEY...
//
// It authenticates every tile against the root of DIR/checkpoint, hashes every entry, proves three entries, and proves
// that the log extends the old checkpoint. Exit 0 and "OK size=... root=..." where all of it holds, 1 and "FAIL ..." otherwise.
//
// Debian: apt-get install golang-go golang-golang-x-mod-dev; GO111MODULE=off GOPATH=/usr/share/gocode go build
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func die(f string, a ...any) {
	fmt.Printf("FAIL "+f+"\n", a...)
	os.Exit(1)
}

// cosigner: note.Verifier for cosignature/v1 (type 0x04)
type cosigner struct {
	name string
	id   uint32
	pub  ed25519.PublicKey
	ts   *uint64
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	ts := binary.BigEndian.Uint64(sig[:8])
	*c.ts = ts
	m := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", ts)), msg...)
	return ed25519.Verify(c.pub, m, sig[8:])
}
func parse(v string) note.Verifier {
	p := strings.SplitN(v, "+", 3)
	k, err := base64.StdEncoding.DecodeString(p[2])
	if err != nil {
		die("vkey %v", err)
	}
	if k[0] == 1 {
		r, err := note.NewVerifier(v)
		if err != nil {
			die("vkey %v", err)
		}
		return r
	}
	h := sha256.Sum256(append([]byte(p[0]+"\n"), k...))
	return cosigner{p[0], binary.BigEndian.Uint32(h[:4]), ed25519.PublicKey(k[1:]), new(uint64)}
}

// c2spPath: drop sumdb's leading height and the ".p" form differences: tile/8/L/N -> tile/L/N ; data -> entries
func c2spPath(t tlog.Tile) string {
	p := strings.TrimPrefix(t.Path(), "tile/8/")
	p = strings.Replace(p, "data/", "entries/", 1)
	return "tile/" + p
}

type reader struct{ dir string }

func (r reader) Height() int { return 8 }
func (r reader) ReadTiles(ts []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range ts {
		b, err := os.ReadFile(filepath.Join(r.dir, c2spPath(t)))
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}
func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func open(path string, vs []note.Verifier) (tlog.Tree, *note.Note) {
	raw, err := os.ReadFile(path)
	if err != nil {
		die("%v", err)
	}
	n, err := note.Open(raw, note.VerifierList(vs...))
	if err != nil {
		die("note.Open %s: %v", path, err)
	}
	l := strings.Split(n.Text, "\n")
	size, _ := strconv.ParseInt(l[1], 10, 64)
	h, err := tlog.ParseHash(l[2])
	if err != nil {
		die("root: %v", err)
	}
	return tlog.Tree{N: size, Hash: h}, n
}

func main() {
	dir, old := os.Args[1], os.Args[2]
	var vs []note.Verifier
	for _, v := range os.Args[3:] {
		vs = append(vs, parse(v))
	}
	tree, n := open(filepath.Join(dir, "checkpoint"), vs)
	for _, s := range n.Sigs {
		fmt.Printf("signed by %s+%08x\n", s.Name, s.Hash)
	}
	hr := tlog.TileHashReader(tree, reader{dir}) // authenticates every tile it reads against tree.Hash
	// every entry: bundle -> leaf hash -> equals authenticated level-0 hash
	var hs []tlog.Hash
	for b := int64(0); b*256 < tree.N; b++ {
		w := 256
		if tree.N-b*256 < 256 {
			w = int(tree.N - b*256)
		}
		raw, err := os.ReadFile(filepath.Join(dir, c2spPath(tlog.Tile{H: 8, L: -1, N: b, W: w})))
		if err != nil {
			die("bundle: %v", err)
		}
		var idx []int64
		hs = hs[:0]
		for i := 0; i < w; i++ {
			if len(raw) < 2 || len(raw) < 2+int(binary.BigEndian.Uint16(raw)) {
				die("bundle %d truncated", b)
			}
			k := int(binary.BigEndian.Uint16(raw))
			hs = append(hs, tlog.RecordHash(raw[2:2+k]))
			idx = append(idx, tlog.StoredHashIndex(0, b*256+int64(i)))
			raw = raw[2+k:]
		}
		if len(raw) != 0 {
			die("bundle %d trailing bytes", b)
		}
		want, err := hr.ReadHashes(idx)
		if err != nil {
			die("tiles: %v", err)
		}
		for i := range hs {
			if !bytes.Equal(hs[i][:], want[i][:]) {
				die("entry %d does not match its leaf hash", b*256+int64(i))
			}
		}
	}
	for _, i := range []int64{0, tree.N / 3, tree.N - 1} {
		p, err := tlog.ProveRecord(tree.N, i, hr)
		if err != nil {
			die("prove %v", err)
		}
		h, _ := hr.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err := tlog.CheckRecord(p, tree.N, tree.Hash, i, h[0]); err != nil {
			die("inclusion %d %v", i, err)
		}
	}
	if old != "-" {
		ot, _ := open(old, vs)
		p, err := tlog.ProveTree(tree.N, ot.N, hr)
		if err != nil {
			die("%v", err)
		}
		if err := tlog.CheckTree(p, tree.N, tree.Hash, ot.N, ot.Hash); err != nil {
			die("consistency: %v", err)
		}
		fmt.Printf("consistent with size %d\n", ot.N)
	}
	fmt.Printf("OK size=%d root=%s\n", tree.N, tree.Hash)
}

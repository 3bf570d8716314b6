// Reads a journal's log as a program of somebody else would: by the tlog and note packages of Go's own module
// checksums, over HTTP, and by nothing of credence.
//
//	reader VERIFIER-KEY http://127.0.0.1:8000 < proofs.ndjson
//
// Each line is a proof that credence made: {"size": 700, "leaf": 12, "hash": "…", "proof": ["…"]}, that a record is in
// the tree of so many, or {"size": 700, "old": 512, "proof": ["…"]}, that the tree begins with a smaller one; hashes in
// base64. Of each it makes its own proof from the log's tiles, compares the two byte for byte, checks credence's, and sees
// that it fails with one bit changed. The tiles are checked against the signed checkpoint as they are read.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // levels of a tile: 256 hashes

type proof struct {
	Size  int64
	Leaf  *int64
	Old   *int64
	Hash  string
	Proof []string
}

// tiles are fetched once, and checked by tlog each time that they are read.
type tiles struct {
	base    string
	fetched map[string][]byte
}

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		if t.fetched[path] == nil {
			data, err := get(t.base + "/" + path)
			if err != nil {
				return nil, err
			}
			t.fetched[path] = data
		}
		found[i] = t.fetched[path]
	}
	return found, nil
}

func main() {
	if len(os.Args) != 3 {
		stop(fmt.Errorf("usage: reader VERIFIER-KEY BASE-URL < proofs"))
	}
	verifier, err := note.NewVerifier(os.Args[1])
	stop(err)
	signed, err := get(os.Args[2] + "/checkpoint")
	stop(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	stop(err)
	tree, err := checkpoint(opened.Text, verifier.Name())
	stop(err)
	known := tlog.TileHashReader(tree, tiles{os.Args[2], map[string][]byte{}})
	count := 0
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var each proof
		stop(json.Unmarshal(lines.Bytes(), &each))
		stop(agrees(each, tree, known))
		count++
	}
	stop(lines.Err())
	fmt.Printf("%d records by %s: %d proofs agree\n", tree.N, verifier.Name(), count)
}

func agrees(each proof, tree tlog.Tree, known tlog.HashReader) error {
	if each.Size > tree.N {
		return fmt.Errorf("a proof about %d records; the checkpoint has %d", each.Size, tree.N)
	}
	given, err := hashes(each.Proof)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(each.Size, known)
	if err != nil {
		return err
	}
	var own []tlog.Hash
	var check func([]tlog.Hash) error
	if each.Leaf != nil {
		leaf, err := tlog.ParseHash(each.Hash)
		if err != nil {
			return err
		}
		own, err = tlog.ProveRecord(each.Size, *each.Leaf, known)
		if err != nil {
			return err
		}
		check = func(p []tlog.Hash) error { return tlog.CheckRecord(p, each.Size, root, *each.Leaf, leaf) }
	} else {
		old, err := tlog.TreeHash(*each.Old, known)
		if err != nil {
			return err
		}
		own, err = tlog.ProveTree(each.Size, *each.Old, known)
		if err != nil {
			return err
		}
		check = func(p []tlog.Hash) error { return tlog.CheckTree(p, each.Size, root, *each.Old, old) }
	}
	if fmt.Sprint(own) != fmt.Sprint(given) {
		return fmt.Errorf("%+v: its own proof is another: %v", each, own)
	}
	if err := check(given); err != nil {
		return fmt.Errorf("%+v: %v", each, err)
	}
	if len(given) > 0 {
		given[len(given)/2][7] ^= 1
		if check(given) == nil {
			return fmt.Errorf("%+v: it holds with one bit changed", each)
		}
	}
	return nil
}

// checkpoint reads the text of C2SP tlog-checkpoint: origin, size, root.
func checkpoint(text, origin string) (tree tlog.Tree, err error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 3 || lines[0] != origin {
		return tree, fmt.Errorf("no checkpoint of %s: %q", origin, text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func hashes(texts []string) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(data) != tlog.HashSize {
			return nil, fmt.Errorf("no hash: %q", text)
		}
		copy(found[i][:], data)
	}
	return found, nil
}

func get(url string) ([]byte, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%s: %s: %s", url, answer.Status, bytes.TrimSpace(data))
	}
	return data, err
}

func stop(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "reader:", err)
		os.Exit(1)
	}
}

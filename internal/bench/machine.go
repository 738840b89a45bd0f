package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Environment is what a result depends on: the machine and the programs.
type Environment struct {
	Machine string `json:"machine"` // cores, model, memory
	Lectern string `json:"lectern"` // SHA-256 of the program
	Commit  string `json:"commit"`  // it was built from, as far as git can tell
	FFmpeg  string `json:"ffmpeg"`
	Go      string `json:"go"`
}

func (b *Bench) environment(ctx context.Context) (s Environment, err error) {
	s.Go = runtime.Version()
	if s.FFmpeg, err = b.generator.Tools.FFmpegVersion(ctx); err != nil {
		return s, err
	}
	if s.Lectern, err = sha256File(b.lectern); err != nil {
		return s, err
	}
	if commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
		s.Commit = strings.TrimSpace(string(commit))
	}
	model, err := procField("/proc/cpuinfo", "model name")
	if err != nil {
		return s, err
	}
	memory, err := procBytes("/proc/meminfo", "MemTotal")
	if err != nil {
		return s, err
	}
	s.Machine = fmt.Sprintf("%d cores of %s with %.0f GiB of memory", runtime.NumCPU(), model, float64(memory)/(1<<30))
	return s, nil
}

func sha256File(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open the program to be measured: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read the program to be measured: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// procField returns the first value called name in a file of /proc.
func procField(path, name string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("ask the kernel for %s: %w", name, err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("%s says nothing of %s", path, name)
}

// procBytes returns the value called name in a file of /proc, which is there in kilobytes, in
// bytes.
func procBytes(path, name string) (int64, error) {
	value, err := procField(path, name)
	if err != nil {
		return 0, err
	}
	kb, err := strconv.ParseInt(strings.TrimSuffix(value, " kB"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s of %s: %w", name, path, err)
	}
	return kb << 10, nil
}

// peakMemory returns the most memory that a running process has held, in bytes.
func peakMemory(pid int) (int64, error) {
	return procBytes(fmt.Sprintf("/proc/%d/status", pid), "VmHWM")
}

// residentMemory returns the memory that a running process holds now, in bytes.
func residentMemory(pid int) (int64, error) {
	return procBytes(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
}

#!/bin/sh
# Says in one line what the machine lacks, with the command that installs it. Called by `make setup`.
python=$1

lacks() {
    echo "credence: $1; install it with: $2" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || lacks "no $python" "sudo apt-get install python3 python3-venv python3-dev"
"$python" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 13)))' ||
    lacks "$("$python" --version) is not 3.11 or 3.12" "sudo apt-get install python3.11 python3.11-venv python3.11-dev, then make PYTHON=python3.11 run"
"$python" -c 'import venv, ensurepip' 2>/dev/null || lacks "no venv module" "sudo apt-get install python3-venv"
header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include") + "/Python.h")')
[ -f "$header" ] || lacks "no Python headers ($header)" "sudo apt-get install python3-dev"
# the compiler that Python's build settings name, else cc: durable-rules is compiled on this machine
compiler=${CC:-$("$python" -c 'import sysconfig; print((sysconfig.get_config_var("CC") or "cc").split()[0])')}
command -v "$compiler" >/dev/null 2>&1 || command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ||
    lacks "no C compiler" "sudo apt-get install gcc libc6-dev"
echo 'int main(void) { return 0; }' >"${TMPDIR:-/tmp}/credence-$$.c"
"$(command -v "$compiler" || command -v cc || command -v gcc)" -include stdlib.h -o "${TMPDIR:-/tmp}/credence-$$" \
    "${TMPDIR:-/tmp}/credence-$$.c" 2>/dev/null
works=$?
rm -f "${TMPDIR:-/tmp}/credence-$$" "${TMPDIR:-/tmp}/credence-$$.c"
[ $works -eq 0 ] || lacks "the C compiler finds no C library headers" "sudo apt-get install libc6-dev"

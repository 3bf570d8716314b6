#!/bin/sh
# Says in one line what the machine lacks, with the command that installs it: `sh scripts/preflight.sh PYTHON`. The
# packages are Debian's and Ubuntu's. Called by install.sh before it makes an environment or compiles.
set -u
python=$1
sudo="sudo "
[ "$(id -u)" -ne 0 ] || sudo=""

ends() {
    echo "credence: $1" >&2
    exit 1
}

install() {
    echo "${sudo}apt-get install $*"
}

# another Python that will do: one that is here, else the newest that the packages know
another() {
    for version in 3.13 3.12 3.11; do
        ! "python$version" -c "" 2>/dev/null || { echo "take another with: make PYTHON=python$version run"; return; }
    done
    for version in 3.13 3.12 3.11; do
        ! apt-cache show "python$version" >/dev/null 2>&1 || break
    done
    echo "install another with: $(install "python$version" "python$version-venv" "python$version-dev"), then make PYTHON=python$version run"
}

if ! command -v "$python" >/dev/null 2>&1; then
    case $python in
    python3) ends "no python3; install it with: $(install python3 python3-venv python3-dev)" ;;
    *) ends "no $python; $(another)" ;;
    esac
fi
found=$("$python" -c 'import platform, sys, sysconfig
free = sysconfig.get_config_var("Py_GIL_DISABLED") and "free-threaded " or ""
print("%s%s %d.%d" % ((free, platform.python_implementation()) + sys.version_info[:2]))' 2>/dev/null) || found="no Python that runs"
case $found in
"CPython 3.11" | "CPython 3.12" | "CPython 3.13") version=${found#CPython } ;;
*) ends "$python is $found, and CPython 3.11, 3.12 or 3.13 is needed; $(another)" ;;
esac

lacking="" packages=""
lacks() {
    lacking="${lacking:+$lacking, }$1"
    shift
    packages="${packages:+$packages }$*"
}

"$python" -c 'import venv, ensurepip' 2>/dev/null || lacks "no venv module" "python$version-venv"
header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include") + "/Python.h")')
[ -f "$header" ] || lacks "no Python headers ($header)" "python$version-dev"

# durable-rules is compiled by what CC names, else by what Python itself was compiled by
compiler=${CC:-$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("CC") or "cc")')}
compiler=${compiler%% *}
if command -v "$compiler" >/dev/null 2>&1; then
    tried=$(mktemp -d) || exit 1
    echo '#include <stdlib.h>
int main(void) { return EXIT_SUCCESS; }' >"$tried/tried.c"
    "$compiler" -o "$tried/tried" "$tried/tried.c" 2>/dev/null || lacks "no C library headers for $compiler" libc6-dev
    rm -r "$tried"
elif [ -z "$lacking" ] && command -v gcc >/dev/null 2>&1; then
    ends "no C compiler $compiler (named by CC, else by Python's own build); take the one that is here with: CC=gcc make run"
else
    lacks "no C compiler" gcc libc6-dev
fi
[ -z "$lacking" ] || ends "$lacking; install what is missing with: $(install "$packages")"

#!/bin/sh
# Installs into a virtual environment what the locks name, and nothing else:
#
#     sh scripts/install.sh VENV locked|run|test|mutants [PYTHON]
#
# `locked` stops before credence itself (the image installs that from its wheel), `test` adds what checks and tests need,
# `mutants` what `make mutants` needs besides.
# The locked pip comes first. The one that Python brings reads extras under hashes wrongly (pip issues #9644 and #12345):
# with pip 23 an install ends in an error from the day a newer `coverage` is out than the lock names. Everything goes
# through the environment's own pip, so the machine's settings (mirror, proxy, certificates) count. A step is done again
# when what it reads has changed. Without PYTHON an environment that works is kept, else python3 makes one.
set -eu

venv=$1
want=$2
python=${3:-}
here=$(cd "$(dirname "$0")" && pwd)

# durable-rules comes as source, and its setup.py throws Python's own flags away, -O3 among them; CPPFLAGS it leaves
# alone. Python 3.13 has no PyEval_CallObject any more: gcc 14 and clang 16 refuse the call, older compilers build what
# can't be loaded. durable_rules.h, found through CPATH, marks what was compiled with optimisation; a test looks for it.
flags="-O2 -fwrapv -fno-strict-aliasing -DNDEBUG -DPyEval_CallObject=PyObject_CallObject"

export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

pip() {
    "$venv/bin/python" -m pip --quiet "$@"
}

# which Python this is, or that of the environment; nothing where it doesn't run
identity() {
    "$1" -c 'import sys; print(sys.version_info[:2], sys.base_prefix)' 2>/dev/null || true
}

make_environment() {
    sh "$here/preflight.sh" "$1"
    "$1" -m venv --clear "$venv"
}

# step NAME FILE...: does step_NAME unless it was done in this environment with files of the same content
step() {
    name=$1
    shift
    now=$(cat "$@" | cksum)
    if [ "$(cat "$venv/.installed-$name" 2>/dev/null)" != "$now" ]; then
        "step_$name" || {
            echo "credence: stopped at \`$name\` of scripts/install.sh, for what is said above; the same command goes on from there" >&2
            exit 1
        }
        echo "$now" >"$venv/.installed-$name"
    fi
}

step_build() {
    pip install --require-hashes -r locks/build.txt
}

# alone, since for it pip must look past the wheels it has kept: one compiled without the flags may be among them
step_compiled() {
    sh "$here/preflight.sh" "$venv/bin/python" &&
        CPATH="$here${CPATH:+:$CPATH}" CPPFLAGS="${CPPFLAGS:-} $flags -include durable_rules.h" \
            pip install --require-hashes --no-deps --no-build-isolation \
            --no-binary durable-rules --no-cache-dir --force-reinstall -r "$venv/durable-rules.txt"
}

step_run() {
    pip install --require-hashes --no-build-isolation -r locks/run.txt
}

step_own() {
    PYTHONWARNINGS=ignore PIP_REQUIRE_HASHES=0 pip install --no-deps --no-build-isolation --editable .
}

step_test() {
    pip install --require-hashes --no-build-isolation -r locks/test.txt
}

step_mutants() {
    pip install --require-hashes --no-build-isolation -r locks/mutants.txt
}

if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    make_environment "${python:-python3}"
elif [ -n "$python" ] && [ "$(identity "$venv/bin/python")" != "$(identity "$python")" ]; then
    make_environment "$python"
fi
sed -n '/^durable-rules==/,/[^\\]$/p' locks/run.txt >"$venv/durable-rules.txt"
step build locks/build.txt
step compiled "$venv/durable-rules.txt" "$here/durable_rules.h" "$0"
step run locks/run.txt
[ "$want" = locked ] || step own pyproject.toml engine/version.py
case $want in test | mutants) step test locks/test.txt ;; esac
[ "$want" != mutants ] || step mutants locks/mutants.txt

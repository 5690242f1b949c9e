#!/usr/bin/env bash
# Make an environment of Python from a lock, or bring it up to date:
#
#     bookbuild/environment.sh FOLDER LOCK PYTHON VERSIONS [own]
#
# PYTHON is the one to take; if it is empty, the first that fits of VERSIONS ("3 3.13 3.12"), on
# the path or among pyenv's. With `own` the book's packages are installed, too.
#
# The file FOLDER/installed is written last and says what the environment was made of. A folder
# without it is what an interrupted run left, and is made anew, because installers cannot tell
# which files of a package are missing.
set -euo pipefail
folder=$1 lock=$2 python=$3 versions=$4 own=${5:-}

# The range stands in pyproject.toml alone.
read -r lowest above < <(
  sed -nE 's/^requires-python = ">=3\.([0-9]+),<3\.([0-9]+)"$/\1 \2/p' pyproject.toml
)

# Any Python understands this. The path is the one outside of an environment: `python3` may belong
# to the very folder that is to be made anew, and a shim of pyenv depends on what is selected.
probe='
import sys
print("%d.%d.%d" % sys.version_info[:3])
print(getattr(sys, "_base_executable", None) or sys.executable)
for module in "ensurepip", "venv", "ssl", "zlib", "bz2", "lzma", "ctypes", "sqlite3":
    try:
        __import__(module)
    except ImportError:
        print(module)
'
came= version= base=

# Set `version` and `base` from a Python that the book can use; of any other, note what is wrong.
fits() {
  local answer minor missing
  if ! command -v "$1" >/dev/null; then
    came+="; there is no $1"
  elif ! answer=$("$1" -c "$probe" 2>/dev/null); then
    came+="; $1 does not start"
  else
    { read -r version && read -r base && missing=$(paste -sd ' ' -); } <<<"$answer"
    minor=${version#3.} minor=${minor%%.*}
    if [[ $version != 3.* ]] || ((minor < lowest || minor >= above)); then
      came+="; $1 is Python $version"
    elif [[ $missing = *ensurepip* || $missing = *venv* ]]; then
      came+="; $1 ($version) lacks $missing, on Debian and Ubuntu: apt install python3.$minor-venv"
    elif [ "$missing" ]; then
      came+="; $1 ($version) was built without $missing"
    else
      return 0
    fi
  fi
  return 1
}

find_python() {
  local number candidate
  if [ "$python" ]; then
    if fits "$python"; then return; fi
  else
    for number in $versions; do
      for candidate in "python$number" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$number".*/bin/python; do
        # Of those that are not there, one is worth mentioning.
        if [ "$candidate" = python3 ] || command -v "$candidate" >/dev/null; then
          if fits "$candidate"; then return; fi
        fi
      done
    done
  fi
  echo "$folder needs Python 3.$lowest to 3.$((above - 1)), for which TensorFlow has wheels$came." \
    "Install one, or name one that you have: PYTHON=/path/to/python3.$((above - 1))" >&2
  exit 1
}

install() {
  "$folder/bin/uv" pip install --quiet --python "$folder/bin/python" "$@"
}

# One at a time: a killed make leaves its installer running, and two terminals may have one each.
if command -v flock >/dev/null; then
  exec 9<"$lock"
  flock --nonblock 9 || {
    echo "Waiting for another make, which installs into $folder" >&2
    flock 9
  }
fi

stamp=$folder/installed
was_python= was_at= was_from=
if [ -f "$stamp" ]; then { read -r was_python && read -r was_at && read -r was_from; } <"$stamp" || true; fi
from=$(cat "$lock" ${own:+pyproject.toml} | cksum)
if fits "$folder/bin/python"; then is_python=$version; else is_python=none; fi
came= version=$is_python
if [ "$python" ]; then find_python; fi # one that is asked for is checked in any case

# Complete, of this Python, and in the place that its scripts begin with.
if [ "$was_python:$was_at" = "$version:$PWD/$folder" ] && [ "$is_python" = "$version" ]; then
  if [ "$was_from" = "$from" ]; then exit; fi
  anew=
else
  anew=yes
  find_python
fi
trap 'echo "$folder is not complete; why stands above. The next make starts it anew." >&2' EXIT
echo "Installing $lock into $folder"
rm -f "$stamp"
if [ "$anew" ]; then
  rm -rf "$folder"
  "$base" -m venv "$folder"
  # pip brings nothing but uv, which does the rest in a tenth of the time.
  awk '/^uv==/, !/\\$/' requirements.txt >"$folder/uv.txt"
  "$folder/bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
    --require-hashes -r "$folder/uv.txt"
fi
install --require-hashes -r "$lock"
# setuptools is in the lock: the build needs no download that no lock names.
if [ "$own" ]; then install --no-deps --no-build-isolation --editable .; fi
printf '%s\n' "$version" "$PWD/$folder" "$from" >"$stamp.part"
mv "$stamp.part" "$stamp"
trap - EXIT

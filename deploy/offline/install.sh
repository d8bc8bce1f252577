#!/usr/bin/env bash
# Installs the product from this folder, without any network, and looks whether it works. Argument: the folder to install
# into, /opt/extractor by default. Nothing outside of it is changed; the same command again installs over it, and keeps
# what was there if anything goes wrong. Debian packages in debs/ are installed only with --debs, by an administrator.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
debs=no
if [ "${1:-}" = --debs ]; then debs=yes; shift; fi
target="${1:-/opt/extractor}"

say() { printf '%s\n' "$*" >&2; }

say "Looking whether the copy is whole"
(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || { say "This copy lacks or changed files: copy it again."; exit 1; }

if [ "$debs" = yes ]; then
  [ -d "$here/debs" ] || { say "There is no debs/ here: it was made without DEBS=1."; exit 1; }
  say "Installing Tesseract, poppler and what they need"
  dpkg --install --skip-same-version --refuse-downgrade "$here"/debs/*.deb >/dev/null 2> >(grep -v ', skipping$' >&2)
fi

tag="$(basename "$(ls "$here"/wheels/torch-*.whl)" | sed -E 's/.*-(cp3[0-9]+)-.*/\1/')"
wanted="3.${tag#cp3}"
python="${PYTHON:-$(command -v "python$wanted" || true)}"
if [ -z "$python" ] || ! "$python" -c "import sys; sys.exit('cp%d%d' % sys.version_info[:2] != '$tag')"; then
  say "Python $wanted is needed, for which the wheels are: install python$wanted, or set PYTHON=/path/to/python$wanted."
  exit 1
fi

mkdir -p "$target"
target="$(cd "$target" && pwd)"
venv="$target/venv"
fresh="$target/venv.part"
say "Installing into $venv"
rm -rf "$fresh"
"$python" -m venv --without-pip "$fresh"
pips=("$here"/wheels/pip-*.whl)
# A venv holds its own path, so the new one is made where it will stand; the old one is kept until the new one works.
export PIP_CONFIG_FILE=/dev/null  # what the system says of where to fetch from is of no account here
pip=("$fresh/bin/python" "${pips[0]}/pip" --isolated --disable-pip-version-check install --no-index --no-cache-dir
     --find-links "$here/wheels" --constraint "$here/constraints.txt")
"${pip[@]}" --quiet extractor || { rm -rf "$fresh"; say "The packages could not be installed; what was there is as it was."; exit 1; }
mkdir -p "$fresh/share/extractor"
cp -r "$here/share/." "$fresh/share/extractor/"
rm -rf "$target/venv.before"
[ ! -e "$venv" ] || mv "$venv" "$target/venv.before"
mv "$fresh" "$venv"
# What names the place it was made at.
grep -rlI "$fresh" "$venv/bin" "$venv/pyvenv.cfg" | xargs -r sed -i "s|$fresh|$venv|g"

say "Looking whether it works"
status=0
"$venv/bin/extractor" doctor || status=$?
say
say "Installed: $venv/bin/extractor. The version before it, if there was one: $target/venv.before."
if [ "$status" -eq 0 ]; then
  say "Try it: $venv/bin/extractor run $venv/share/extractor/sample_book --out /tmp/thu"
else
  say "The table above names what is still missing."
fi
exit "$status"

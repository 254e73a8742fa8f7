#!/bin/sh
# shellcheck disable=SC2016 # what other shells or people read is in single quotes
version=@VERSION@
# Where releases have their files; empty if rvenv was built without its repository's address.
releases=@RELEASES@
# The SHA-256 of this version's archives.
sums='@SUMS@'
limit=120 # seconds for a download
# Files of an archive, each with its place below `share`, where man or a shell looks for it.
extras='rvenv.1=man/man1/rvenv.1
completions/rvenv.bash=bash-completion/completions/rvenv
completions/_rvenv=zsh/site-functions/_rvenv
completions/rvenv.fish=fish/vendor_completions.d/rvenv.fish'
usage="Installs rvenv $version, with its completions and manual page, for the user that runs this. Nothing else is changed.

  -q, --quiet          Print only errors
      --uninstall      Remove what was installed
  -h, --help           Print this

Variables:
  RVENV_INSTALL_DIR    The directory for the program [default: XDG_BIN_HOME, else ~/.local/bin]
  RVENV_VERSION        The version to install, if not this one
  RVENV_DOWNLOAD_URL   The address of a directory with the release's files, such as a mirror"

fail() {
    { printf 'Error: %s' "$*" | tr '\n' ' ' && echo; } >&2
    exit 1
}

say() { [ -n "$quiet" ] || printf '%s\n' "$*"; }

# Sets `bin`, the directory for the program, and `share`.
choose_places() {
    bin=${RVENV_INSTALL_DIR:-${XDG_BIN_HOME:-${HOME:+$HOME/.local/bin}}}
    case $bin in
        '') fail 'HOME is not set; set RVENV_INSTALL_DIR to the directory for the program' ;;
        "${HOME:-/}"/*) share=${XDG_DATA_HOME:-$HOME/.local/share} ;;
        /*) share=${bin%/bin}/share ;;
        *) fail "not an absolute path: $bin (RVENV_INSTALL_DIR, XDG_BIN_HOME)" ;;
    esac
    # pipx and uv would miss their link, and mv would put the program into a directory.
    { [ ! -L "$bin/rvenv" ] && [ ! -d "$bin/rvenv" ]; } || fail "$bin/rvenv is a link or a directory, which something" \
        "else has made (pipx or uv?); remove it with that, or set RVENV_INSTALL_DIR to another directory"
}

# Sets `target`, which an archive is named after.
choose_target() {
    case $(uname -s)-$(uname -m) in
        Linux-x86_64) target=x86_64-unknown-linux-musl ;;
        Linux-aarch64) target=aarch64-unknown-linux-musl ;;
        Darwin-arm64) target=aarch64-apple-darwin ;;
        # Rosetta tells what it runs x86_64.
        Darwin-x86_64) [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ] &&
            target=aarch64-apple-darwin || target=x86_64-apple-darwin ;;
        *) fail "there is no program for $(uname -sm); with Rust, build one: cargo install rvenv (on Windows: install.ps1)" ;;
    esac
}

# fetch FILE: downloads it from `place` into `work`.
fetch() {
    url=$place/$1 code=0
    if command -v curl >/dev/null; then
        case $url in https:*) protocols='=https' ;; *) protocols='=all' ;; esac
        set -- curl -fLsS --proto "$protocols" --connect-timeout 20 --max-time "$limit" -o "$work/$1" "$url"
    elif command -v wget >/dev/null; then
        set -- wget -O "$work/$1" "$url"
        # Not every wget has a limit.
        ! command -v timeout >/dev/null || set -- timeout "$limit" "$@"
    else
        fail 'could not download rvenv without curl or wget; install one of them'
    fi
    said=$("$@" 2>&1) || code=$?
    [ "$code" != 124 ] || said="not complete after $limit seconds"
    [ "$code" = 0 ] || fail "could not download $url: $(printf '%s\n' "$said" | sed -n '/./h; ${g; p;}')"
}

# Downloads the archive into `work`, and unpacks it if its hash is right.
fetch_archive() {
    place=${RVENV_DOWNLOAD_URL:-${releases:+$releases/download/v$version}}
    [ -n "$place" ] || fail 'this script was built without the address of the releases;' \
        'set RVENV_DOWNLOAD_URL to the address of a directory with the files of one'
    place=${place%/} archive=$name.tar.gz
    say "Downloading $place/$archive"
    [ -n "$sums" ] || { fetch SHA256SUMS && sums=$(cat "$work/SHA256SUMS"); }
    wanted=$(printf '%s\n' "$sums" | sed -n "s/^\([0-9a-f]\{64\}\)  $archive\$/\1/p")
    [ -n "$wanted" ] || fail "there is no hash of $archive in $place/SHA256SUMS"
    fetch "$archive"
    sum=$({ sha256sum || shasum -a 256 || openssl dgst -sha256 -r; } <"$work/$archive" 2>/dev/null) ||
        fail 'could not check the download without sha256sum, shasum or openssl; install one of them'
    [ "${sum%% *}" = "$wanted" ] ||
        fail "$place/$archive is damaged or not of this release: its SHA-256 is ${sum%% *}, not $wanted"
    said=$(cd "$work" && tar -xzf "$archive" 2>&1) || fail "could not unpack $work/$archive: $said"
}

install_rvenv() {
    RVENV_VERSION=${RVENV_VERSION:-$version}
    [ "${RVENV_VERSION#v}" = "$version" ] || version=${RVENV_VERSION#v} sums=
    case $version in *[!0-9A-Za-z.+-]*) fail "RVENV_VERSION is not a version: $version" ;; esac
    choose_target
    name=rvenv-$version-$target
    # In the file system of `bin`, for the rename; but `bin` itself is created last.
    existing=$bin
    until [ -d "$existing" ]; do existing=$(dirname "$existing"); done
    said=$(mktemp -d "$existing/.rvenv-XXXXXX" 2>&1) ||
        fail "could not write to $existing: $said; set RVENV_INSTALL_DIR to a directory of yours"
    work=$said
    fetch_archive
    said=$("$work/$name/rvenv" --version 2>&1) || true
    [ "$said" = "rvenv $version" ] || fail "the program does not run in $existing (is that mounted noexec?): $said"
    said=$({ mkdir -p "$bin" && mv -f "$work/$name/rvenv" "$bin/rvenv"; } 2>&1) ||
        fail "could not write to $bin: $said; set RVENV_INSTALL_DIR to a directory of yours"
    printf '%s\n' "$extras" | while IFS='=' read -r file at; do
        said=$({ mkdir -p "$share/${at%/*}" && mv -f "$work/$name/$file" "$share/$at"; } 2>&1) ||
            say "Not installed: $share/$at ($said)"
    done
    case :$PATH: in *:"$bin":*) ;; *) say "$bin is not on PATH. A shell whose start-up file has this line finds it:
export PATH='$(printf '%s\n' "$bin" | sed "s/'/'\\\\''/g")':\"\$PATH\"" ;; esac
    first=$(command -v rvenv) || first=$bin/rvenv
    # shellcheck disable=SC3013 # -ef is not in POSIX, but every sh has it
    [ "$first" -ef "$bin/rvenv" ] || say "Another rvenv comes first on PATH: $first"
    say "rvenv $version is installed in $bin. To create an environment: rvenv .venv"
}

uninstall_rvenv() {
    [ -e "$bin/rvenv" ] || fail "there is no $bin/rvenv; if rvenv is in another directory, set RVENV_INSTALL_DIR to that"
    said=$(rm -f "$bin/rvenv" 2>&1) || fail "could not remove $bin/rvenv: $said"
    printf '%s\n' "$extras" | while IFS='=' read -r file at; do rm -f "$share/$at"; done
    say "Removed $bin/rvenv, its completions and its manual page"
}

main() {
    set -eu
    # Others may run what root installs.
    umask 022
    action=install_rvenv quiet=
    for argument; do
        case $argument in
            -h | --help) printf '%s\n' "$usage" && exit ;;
            -q | --quiet) quiet=yes ;;
            --uninstall) action=uninstall_rvenv ;;
            *) fail "unknown argument: $argument (--help lists them)" ;;
        esac
    done
    choose_places
    "$action"
}

# One command, and the only one that does something: a shell runs nothing of a script that was cut off.
{
    work=
    trap 'rm -rf "$work"' EXIT && trap 'exit 1' HUP INT TERM
    main "$@"
}

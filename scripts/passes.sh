# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The passes of scripts/test: each runs something, adds to the counts and to the table of times.

work=$(mktemp -d)
passed=0 failed=0
table=()

# count PASSED FAILED SECONDS LABEL
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    table+=("$(printf '%5d s  %5d passed  %3d failed  %s' "$3" "$1" "$2" "$4")")
}

# check LABEL COMMAND...: one check that passes when the command does.
check() {
    local label=$1 start=$SECONDS
    shift
    say "$label"
    if "$@"; then
        count 1 0 $((SECONDS - start)) "$label"
    else
        count 0 1 $((SECONDS - start)) "$label"
    fi
}

finish() {
    local rc=$?
    trap - EXIT
    rm -rf "$work"
    # A pass that ended the script half-way must not look like success.
    [ $rc = 0 ] || [ $failed -gt 0 ] || failed=1
    say "Times"
    printf '%s\n' "${table[@]}"
    printf '\n%d passed, %d failed\n' $passed $failed
    [ $failed = 0 ] || exit 1
    exit 0
}

suites_of() {
    meson introspect --tests "$1" |
        python3 -c 'import json, sys
print(*sorted({s.split(":")[-1] for t in json.load(sys.stdin) for s in t["suite"]}))'
}

# run_suites BUILD LABEL SUITE...: media in real time needs the cores for itself, so the pipeline and
# interop suites run their programs one after the other, and last.
run_suites() {
    local build=$1 label=$2 parallel=() serial=() suite
    shift 2
    for suite in "$@"; do
        case $suite in
        pipeline | interop) serial+=("$suite") ;;
        *) parallel+=("$suite") ;;
        esac
    done
    [ ${#parallel[@]} = 0 ] || meson_test "$build" "$label" parallel "$(nproc)" "${parallel[@]}"
    [ ${#serial[@]} = 0 ] || meson_test "$build" "$label" serial 1 "${serial[@]}"
}

# meson_test BUILD LABEL LOG PROCESSES SUITE...
meson_test() {
    local build=$1 label=$2 log=$3 processes=$4 start=$SECONDS options=() suite p=0 f=0
    local runner=() dir=$build
    shift 4
    [ -z "${chroot:-}" ] || runner=(scripts/in-chroot "$chroot") dir=/build
    for suite in "$@"; do
        options+=(--suite "$suite")
    done
    say "$label: $*"
    rm -f "$build/meson-logs/$log.json"
    "${runner[@]}" meson test -C "$dir" --no-rebuild --logbase "$log" --num-processes "$processes" \
        --timeout-multiplier "${timeout_multiplier:-1}" "${options[@]}" </dev/null |
        grep -E '^ *[0-9]+/[0-9]+ ' || true
    if [ -s "$build/meson-logs/$log.json" ]; then
        scripts/count-checks "$build/meson-logs/$log.json" "$work/counts" || true
        read -r p f <"$work/counts"
    else
        echo "no such suite, or the tests could not be started"
        f=1
    fi
    count "$p" "$f" $((SECONDS - start)) "$label: $*"
}

# Only suites that this tree has.
present() {
    local build=$1 have suite
    have=" $(suites_of "$build") "
    shift
    for suite in "$@"; do
        [[ $have != *" $suite "* ]] || printf '%s\n' "$suite"
    done
}

# Fills the tests' private registry once, so that no test of a sanitizer run has to scan: the
# external scanner cannot load a plugin that needs the sanitizer's runtime, and scanning in the test
# process would report the leaks of every plugin of the system.
warm_registry() {
    local build=$1
    shift
    rm -f "$build/tests/check/registry.bin"
    quietly env GST_REGISTRY="$top/$build/tests/check/registry.bin" GST_REGISTRY_FORK=no \
        GST_PLUGIN_PATH="$top/$build/gst" "$@" gst-inspect-1.0 cfcallssink
}

# check_or_leave LABEL COMMAND...: a check that the rest of its pass cannot do without.
check_or_leave() {
    local before=$failed
    check "$@"
    [ "$failed" = "$before" ]
}

# `local -x` below: an environment for what the function calls, and gone when it returns.

address_sanitizer() {
    # Without optimisation and with line numbers only: the checks make optimised code take two and a
    # half times as long to compile, and what is slow in the tests are the codecs of the system.
    check_or_leave "build with ASan and UBSan" build_tree build-asan -Db_sanitize=address,undefined \
        -Db_lundef=false -Dbuildtype=plain -Doptimization=0 -Dcpp_args=-g1 -Dwerror=true \
        -Dbenchmarks=disabled || return 0
    local runtime
    runtime="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
    check "registry for ASan" warm_registry build-asan LD_PRELOAD="$runtime" \
        ASAN_OPTIONS=detect_leaks=0
    # Slices hide leaks; the slow unwinder is what lets a suppression name a library constructor.
    local -x G_SLICE=always-malloc
    local -x ASAN_OPTIONS=fast_unwind_on_malloc=0:detect_stack_use_after_return=1
    local -x LSAN_OPTIONS="suppressions=$top/tests/supp/lsan.supp:print_suppressions=0"
    local -x UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    local -x GST_REGISTRY_FORK=no GST_REGISTRY_UPDATE=no CK_TIMEOUT_MULTIPLIER=4
    local timeout_multiplier=4
    run_suites build-asan "ASan+UBSan" $(present build-asan unit http element emulator pipeline)
}

# long_soak BUILD: the soak of the pipeline suite, but ten minutes of it, and its loops as long.
long_soak() {
    local -x CF_SOAK_SECONDS=600 CF_SOAK_RECONNECTS=300 CF_SOAK_CYCLES=1000
    meson test -C "$1" --no-rebuild --logbase soak --timeout-multiplier 20 --verbose soak </dev/null
}

# build_suites DIR "SUITE..." [MESON OPTION...]: only the test programs of these suites.
build_suites() {
    local dir=$1 suites=$2
    shift 2
    configure "$dir" "$@" || return 1
    # shellcheck disable=SC2046 # targets are words
    quietly ninja -C "$dir" $(ninja -C "$dir" -t targets all |
        sed -nE "s/^(tests\/check\/check-(${suites// /|})-[^.:]*): .*/\1/p")
}

thread_sanitizer() {
    check_or_leave "build with TSan" build_suites build-tsan "unit http" -Db_sanitize=thread \
        -Db_lundef=false -Dbuildtype=debug -Doptimization=1 || return 0
    local -x TSAN_OPTIONS="suppressions=$top/tests/supp/tsan.supp:ignore_noninstrumented_modules=1"
    local -x CK_TIMEOUT_MULTIPLIER=4
    local timeout_multiplier=4
    run_suites build-tsan "TSan" $(present build-tsan unit http)
}

# clang checks that what a mutex guards is touched with it held (lib/base/mutex.hpp). The fuzz
# targets live in the same build folder.
thread_safety_analysis() {
    local -x CC=clang-14 CXX=clang++-14
    check "clang -Wthread-safety -Werror" build_tree build-clang -Dwerror=true -Dfuzzing=enabled \
        -Db_lundef=false -Dtests=disabled -Dbenchmarks=disabled -Dexamples=disabled
}

# GStreamer's own tracer looks at the end of each test which objects are alive then, and fails the
# test (libgstcheck takes the tracer's warning for a failure) when there is one. The types are named
# because GStreamer itself leaves a GstDtlsAgent behind for each process.
# leaks_tracer SUITE...
leaks_tracer() {
    local start found suites
    mapfile -t suites < <(present build "$@")
    [ ${#suites[@]} -gt 0 ] || return 0
    mkdir -p "$work/leaks"
    traced_suites "${suites[@]}"
    start=$SECONDS
    found=$(grep -hoE 'object-alive, type-name=\(string\)[A-Z].*' "$work"/leaks/* || true)
    if [ -n "$found" ]; then
        say "objects that were never freed"
        sed -E 's/, address=\(gpointer\)0x[0-9a-f]+//' <<<"$found" | sort | uniq -c | head -20
        count 0 1 $((SECONDS - start)) "leaks tracer: nothing is left"
    elif ! grep -qs 'object-alive' "$work"/leaks/*; then
        # The tracer announces the format of its records even when there are none.
        echo "the tracer wrote nothing"
        count 0 1 0 "leaks tracer: nothing is left"
    else
        count 1 0 $((SECONDS - start)) "leaks tracer: nothing is left"
    fi
}
traced_suites() {
    local types=GstElement,GstPad,GstStream,GstStreamCollection,GstCaps,GstTagList
    types+=,GstBuffer,GstBufferList,GstEvent,GstBus
    local -x GST_TRACERS="leaks(filters=\"$types\")"
    local -x GST_DEBUG=GST_TRACER:7 GST_DEBUG_FILE="$work/leaks/%p.log"
    run_suites build "leaks tracer" "$@"
}

# fuzzing SECONDS: every target of tests/fuzz for so long.
fuzzing() {
    local seconds=$1 targets target
    mapfile -t targets < <(find build-clang/tests/fuzz -maxdepth 1 -name 'fuzz-*' -type f -perm -u+x |
        sort)
    [ ${#targets[@]} -gt 0 ] || check "fuzz targets are built" false
    for target in "${targets[@]}"; do
        check "fuzz ${target##*/fuzz-} for $seconds s" fuzz "$target" "$seconds"
    done
}
# fuzz TARGET SECONDS: from the seeds in tests/fuzz/seeds/NAME; what it finds is left in build-clang.
fuzz() {
    local name=${1##*/fuzz-}
    mkdir -p "$work/corpus-$name"
    quietly "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -artifact_prefix=build-clang/ \
        "$work/corpus-$name" $(find tests/fuzz/seeds -maxdepth 1 -name "$name" -type d)
}

# other_gstreamer VERSION [SUITE...]
other_gstreamer() {
    local version=$1 chroot
    shift
    [ $# -gt 0 ] || set -- element pipeline
    check "chroot with GStreamer $version" scripts/gstreamer-chroot "$version" "$work/root"
    [ -s "$work/root" ] || return 0
    chroot=$(<"$work/root")
    check "build for GStreamer $version" quietly scripts/in-chroot "$chroot" sh -c \
        '{ [ -f build.ninja ] || meson setup . /src -Dbenchmarks=disabled; } && ninja'
    run_suites "$chroot/build" "GStreamer $version" "$@"
}

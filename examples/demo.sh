#!/bin/sh
# The life of a connection pool, scene by scene, against a sandbox of its own: `make demo`.
# Ends with an error as soon as a scene does not do what it says. Leaves nothing behind.
# Where PostgreSQL and PgBouncer are installed the services are real, and a client is on the pool meanwhile.
# Options go to the sandbox: sh examples/demo.sh --engine memory
set -eu

if [ "${1-}" != --inside ]; then
    exec reconcile sandbox run "$@" -- sh "$0" --inside
fi

unset RECONCILE_VAR_project RECONCILE_VAR_pool_size AIVEN_CA_CERT
examples=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/reconcile-demo.XXXXXX")
client=''
trap '[ -z "$client" ] || kill "$client" 2>/dev/null || :; rm -rf "$folder"' EXIT
trap 'exit 130' INT HUP TERM
cp -R "$examples/connection_pool" "$folder/"
mkdir "$folder/state"
cd "$folder"
began=$(date +%s)

bold='' plain='' pause=0
if [ -t 1 ]; then
    pause=${DEMO_PAUSE-3}
    if [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
        bold=$(printf '\033[1m') plain=$(printf '\033[0m')
    fi
fi

# scene TITLE [TEXT]...: say what comes next, a line for each text.
number=0
scene() {
    [ "$number" -eq 0 ] || sleep "$pause"
    number=$((number + 1))
    printf '\n%s== %s. %s ==%s\n' "$bold" "$number" "$1" "$plain"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
}

# run CODE COMMAND...: show the command, run it, and insist on its exit code.
run() {
    wanted=$1
    shift
    printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
    code=0
    "$@" || code=$?
    [ "$code" -eq "$wanted" ] || fail "it ended with exit code $code, not $wanted"
}

# holds WHAT GOT WANTED: insist that something is so.
holds() {
    [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
}

fail() {
    printf '\nThe demo went wrong in scene %s: %s.\n' "$number" "$1" >&2
    exit 1
}

# edit OLD NEW: replace a text in the stack file, which must hold it.
edit() {
    grep -q "$1" connection_pool/stack.yaml || fail "stack.yaml has no '$1'"
    sed "s/$1/$2/" connection_pool/stack.yaml >edited && mv edited connection_pool/stack.yaml
}

# api METHOD PATH [BODY]: one call as anybody else may make it, without reconcile; prints the answer.
api() {
    python3 - "$@" <<'PYTHON'
import os, sys, urllib.request
method, path, *body = sys.argv[1:]
call = urllib.request.Request(
    f"{os.environ['AIVEN_WEB_URL']}/v1/project/my-project{path}",
    method=method,
    data=body[0].encode() if body else None,
    headers={"authorization": f"aivenv1 {os.environ['AIVEN_TOKEN']}", "content-type": "application/json"},
)
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(direct.open(call).read().decode())
PYTHON
}

# hold: have a client log in to the pool, with a transaction open, where the pool is a real one.
hold() {
    [ "$engine" = real ] || return 0
    rm -f in_transaction end_transaction
    URI=$(reconcile output connection_pool --name uri --show-sensitive) python3 - <<'PYTHON' &
import os, pathlib, sys, time, psycopg
wait_until = time.monotonic() + 60
with psycopg.connect(os.environ["URI"], prepare_threshold=None) as client:
    client.execute("CREATE TEMPORARY TABLE visits ON COMMIT DROP AS SELECT now()")
    pathlib.Path("in_transaction").touch()
    while not pathlib.Path("end_transaction").exists() and time.monotonic() < wait_until:
        time.sleep(0.05)
    try:
        client.commit()
    except psycopg.OperationalError:
        sys.exit(3)
PYTHON
    client=$!
    tries=0
    until [ -e in_transaction ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "the client cannot log in"
        sleep 0.1
    done
}

# felt WHAT: what became of that client: committed or cut.
felt() {
    [ "$engine" = real ] || return 0
    touch end_transaction
    code=0
    wait "$client" || code=$?
    client=''
    case $code in
        0) what=committed ;;
        3) what=cut ;;
        *) what="ended with exit code $code" ;;
    esac
    holds "the client that was in a transaction meanwhile" "$what" "$1"
    printf '\nA client was on the pool meanwhile; its transaction was %s.\n' "$what"
}

# pools: what the API holds, as name:size words.
pools() {
    api GET /service/example-postgres >answer
    python3 -c 'if True:
        import json
        with open("answer") as file:
            service = json.load(file)["service"]
        print(*("{pool_name}:{pool_size}".format_map(pool) for pool in service["connection_pools"]))'
}

# What runs behind the API, and whether a client can be shown on it.
behind=$(python3 - <<'PYTHON'
import json, os, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
engine = json.load(direct.open(f"{os.environ['AIVEN_WEB_URL']}/sandbox/status"))["engine"]
print(engine.get("programs") or "")
PYTHON
)
engine=memory
if [ -z "$behind" ]; then
    printf 'Nothing runs behind the API. With PostgreSQL and PgBouncer installed the pools are real.\n'
else
    printf 'Behind the API run %s.\n' "$behind"
    if python3 -c 'import psycopg' 2>/dev/null; then engine=real; fi
fi

scene "The plan" \
    "A service, a database, a user and a pool are declared in YAML; none exists yet." \
    "A plan says what would be done. It changes nothing."
run 2 reconcile plan connection_pool --detailed-exitcode --out plan.json

scene "Apply" \
    "The plan file is applied: exactly what was shown, or nothing."
run 0 reconcile apply plan.json
holds "the pool at the API" "$(pools)" example-pool:25

scene "An empty plan" \
    "Planned again, there is nothing left to do."
run 0 reconcile plan connection_pool --detailed-exitcode

scene "A change in place" \
    "In stack.yaml the pool gets bigger: pool_size 25 becomes 42. Nobody will notice."
edit 'default: 25' 'default: 42'
hold
run 0 reconcile apply connection_pool --auto-approve
holds "the pool at the API" "$(pools)" example-pool:42
felt committed

scene "A replacement" \
    "Now pool_name changes. A pool cannot be renamed: it is deleted and made anew." \
    "The plan says who will feel that."
edit 'pool_name: example-pool' 'pool_name: orders-pool'
run 2 reconcile plan connection_pool --detailed-exitcode
hold
run 0 reconcile apply connection_pool --auto-approve
holds "the pool at the API" "$(pools)" orders-pool:42
felt cut

scene "Drift, put back" \
    "Somebody sets the pool's size to 7 at the API, past reconcile. \`drift\` tells" \
    "(exit code 3), and apply puts it back."
api PUT /service/example-postgres/connection_pool/orders-pool '{"pool_size": 7}' >answer
holds "the pool at the API" "$(pools)" orders-pool:7
run 3 reconcile drift connection_pool
run 0 reconcile apply connection_pool --auto-approve
holds "the pool at the API" "$(pools)" orders-pool:42

scene "Drift, taken over" \
    "Somebody sets pool_mode to session, and was right. \`accept\` writes that into the" \
    "line of stack.yaml it belongs to. After that there is nothing to do."
api PUT /service/example-postgres/connection_pool/orders-pool '{"pool_mode": "session"}' >answer
run 0 reconcile accept aiven_connection_pool.main.pool_mode connection_pool
run 0 grep -n "pool_mode: session" connection_pool/stack.yaml
run 0 reconcile plan connection_pool --detailed-exitcode

scene "State lost, and imported back" \
    "The record of the pool is lost. What is not recorded is not touched: the plan is" \
    "blocked (exit code 4) and says what to type. After that there is nothing to do."
run 0 reconcile state rm aiven_connection_pool.main connection_pool
run 4 reconcile plan connection_pool
run 0 reconcile import aiven_connection_pool.main my-project/example-postgres/orders-pool connection_pool
run 0 reconcile plan connection_pool --detailed-exitcode

scene "Outputs" \
    "The URI for clients holds a password. It is read when asked for, and stored nowhere."
run 0 reconcile output connection_pool
uri=$(reconcile output connection_pool --name uri --show-sensitive)
password=${uri#*://*:}
password=${password%%@*}
[ ${#password} -ge 8 ] || fail "the URI holds no password"
if grep -rqF "$password" state plan.json; then
    fail "a secret was stored"
fi

scene "Destroy" \
    "Everything that the state holds is to be deleted. That loses data, so it must be" \
    "said by name; without, nothing is done (exit code 4)."
run 4 reconcile destroy connection_pool --auto-approve
holds "the pool at the API" "$(pools)" orders-pool:42
run 0 reconcile destroy connection_pool --auto-approve --ack data-loss:aiven_pg.example_postgres
holds "what is recorded" "$(reconcile state list connection_pool)" ""
if api GET /service/example-postgres >answer 2>&1; then
    fail "the service is still there"
fi

printf '\n%sAll %s scenes did what they said, in %s s.%s Nothing is left behind.\n' \
    "$bold" "$number" "$(($(date +%s) - began))" "$plain"

# Identities as NATS has them, made with openssl: keys of Ed25519, named by their public half in base32 with a checksum
# behind it, and JSON web tokens signed with them. For tests: an operator, an account and a user in a few lines.
#
#     nkey_new operator && nkey_new account && nkey_new user
#     operator=$(jwt operator operator operator '{"type":"operator","version":2}')

# CRC-16/XMODEM of hexadecimal digits, the lower byte first.
nkey_checksum() {
    local hex=$1 crc=0 i bit
    for ((i = 0; i < ${#hex}; i += 2)); do
        crc=$((crc ^ 16#${hex:i:2} << 8))
        for ((bit = 0; bit < 8; bit++)); do
            crc=$((crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1))
        done
    done
    printf '%02x%02x' $((crc & 255)) $((crc >> 8))
}

nkey_text() {
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1$(nkey_checksum "$1")")" | base32 -w 0 | tr -d =
}

# What a key is for stands in its first five bits, so that names begin with O, A or U.
nkey_prefix() {
    case $1 in
    operator) echo $((14 << 3)) ;;
    account) echo 0 ;;
    user) echo $((20 << 3)) ;;
    esac
}

# nkey_new KIND [NAME]   a new key in NAME.pem, its public name in NAME.nkey, its seed in NAME.seed
nkey_new() {
    local kind=$1 name=${2:-$1} prefix
    prefix=$(nkey_prefix "$kind")
    openssl genpkey -algorithm ed25519 -out "$name.pem" 2>/dev/null
    nkey_text "$(printf '%02x' "$prefix")$(nkey_half "$name" -pubout)" >"$name.nkey"
    # Of a seed the bits of S come first.
    nkey_text "$(printf '%02x%02x' $((18 << 3 | prefix >> 5)) $(((prefix & 31) << 3)))$(nkey_half "$name")" >"$name.seed"
}

# The 32 bytes at the end of what openssl writes.
nkey_half() {
    openssl pkey -in "$1.pem" "${@:2}" -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n'
}

base64url() {
    base64 -w 0 | tr '+/' '-_' | tr -d =
}

# jwt SUBJECT ISSUER NAME CLAIMS   a token about the key SUBJECT, signed with the key ISSUER
jwt() {
    local now body
    now=$(date +%s)
    body=$(printf '{"typ":"JWT","alg":"ed25519-nkey"}' | base64url)
    body+=.$(printf '{"jti":"%s","iat":%s,"iss":"%s","name":"%s","sub":"%s","nats":%s}' "$RANDOM$now" "$now" \
        "$(cat "$2.nkey")" "$3" "$(cat "$1.nkey")" "$4" | base64url)
    printf '%s' "$body" >to-sign
    printf '%s.%s' "$body" "$(openssl pkeyutl -sign -rawin -inkey "$2.pem" -in to-sign | base64url)"
}

# creds FILE USER ACCOUNT   a file of credentials, as the nats client reads it
creds() {
    local user
    user=$(jwt "$2" "$3" "$2" '{"type":"user","version":2,"subs":-1,"data":-1,"payload":-1,"pub":{},"sub":{}}')
    cat >"$1" <<END
-----BEGIN NATS USER JWT-----
$user
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.
NKEYs are sensitive and should be treated as secrets.

-----BEGIN USER NKEY SEED-----
$(cat "$2.seed")
------END USER NKEY SEED------

*************************************************************
END
}

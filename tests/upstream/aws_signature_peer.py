"""Signs requests by hmac and hashlib, as the IAM user guide says it, and compares with the program.

Usage: aws_signature_peer.py PROGRAM. The program reads one request per line, its parts separated by
tabs: time, access key id, secret, session token, region, service, method, path, query, payload, then
names and values of fields; it writes what it would add: authorization, x-amz-date, and the token.
"""

import datetime
import hashlib
import hmac
import random
import re
import subprocess
import sys
import urllib.parse


def canonical_path(path):
    segments = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in ("", "."):
            segments.append(urllib.parse.quote(segment, safe="-_.~"))
    is_folder = path.endswith("/") or path.rsplit("/", 1)[-1] in (".", "..")
    return "/" + "/".join(segments) + ("/" if is_folder and segments else "")


def canonical_query(query):
    parameters = (parameter.partition("=") for parameter in query.split("&") if parameter)
    return "&".join(
        "=".join(pair)
        for pair in sorted(
            tuple(urllib.parse.quote(urllib.parse.unquote_to_bytes(part), safe="-_.~") for part in (name, value))
            for name, _, value in parameters
        )
    )


def signed(request):
    """What is to be added to one request, straight from the documentation."""
    seconds, key_id, secret, token, region, service, method, path, query, payload, *fields = request
    moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    date = moment.strftime("%Y%m%dT%H%M%SZ")
    headers = {}
    for name, value in zip(fields[::2], fields[1::2]):
        headers.setdefault(name.lower(), []).append(re.sub(r"[ \t]+", " ", value).strip(" "))
    headers = {name: ",".join(values) for name, values in headers.items()}
    headers["x-amz-date"] = date
    if token:
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = [method, canonical_path(path), canonical_query(query)]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers)]
    lines += ["", names, hashlib.sha256(payload.encode()).hexdigest()]
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    canonical = "\n".join(lines).encode()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    authorization = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return "\t".join([authorization, date, token])


def requests(seed, count):
    chance = random.Random(seed)
    letters = "abcXYZ019-_.~"
    models = ("us.anthropic.claude-sonnet-4-5-20250929-v1%3A0", "arn%3Aaws%3Abedrock%3A%3Aprofile%2Fx", "a%20b", "..")

    def text(alphabet, longest):
        return "".join(chance.choice(alphabet) for _ in range(chance.randrange(longest)))

    def parameter():
        return text(letters + "%:+ ", 6) + chance.choice(("", "=" + text(letters + "%=+/", 8)))

    for _ in range(count):
        path = chance.choice((f"/model/{chance.choice(models)}/converse", "/" + text(letters + "/%:@+*'()", 24), "", "//a/./b/../c/"))
        fields = ["Host", "bedrock-runtime.us-east-1.amazonaws.com"]
        for _ in range(chance.randrange(4)):
            fields += [chance.choice(("Content-Type", "X-Amz-Meta", "x-amz-meta", "Zeta")), text("ab \u00fc,:;", 12)]
        yield [
            str(chance.randrange(0, 4102444800)),
            "AKID" + text("ABC", 9),
            text(letters + "/+", 70),
            chance.choice(("", "token/" + text(letters + "+=", 90))),
            chance.choice(("us-east-1", "eu-central-1")),
            "bedrock",
            chance.choice(("GET", "POST")),
            path,
            "&".join(parameter() for _ in range(chance.randrange(4))),
            text(letters + '{}":\u00e9', 200),
            *fields,
        ]


def main():
    cases = list(requests(seed=4711, count=500))
    lines = "".join("\t".join(case) + "\n" for case in cases)
    answer = subprocess.run([sys.argv[1]], input=lines.encode(), capture_output=True, check=True)
    answers = answer.stdout.decode().splitlines()
    if len(answers) != len(cases):
        sys.exit(f"{len(cases)} requests, but {len(answers)} answers")
    for case, found in zip(cases, answers):
        wanted = signed(case)
        if found != wanted:
            sys.exit(f"request {case}\n  wanted {wanted}\n  found  {found}")
    print(f"{len(cases)} signatures agree")


if __name__ == "__main__":
    main()

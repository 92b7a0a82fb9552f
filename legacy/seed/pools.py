"""Words the generator draws from. No text here needs escaping in COPY or in JSON."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret "
    "Donald Ashley Steven Kimberly Andrew Emily Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa "
    "George Deborah Timothy Stephanie Ronald Rebecca Jason Sharon Edward Laura Jeffrey Cynthia Ryan Dorothy Jacob Amy "
    "Gary Kathleen Nicholas Angela Eric Shirley Jonathan Emma Stephen Brenda Larry Pamela Justin Nicole Scott Anna "
    "Brandon Samantha Benjamin Katherine Samuel Christine Gregory Helen Alexander Debra Patrick Rachel Frank Carolyn "
    "Raymond Janet Jack Maria Dennis Catherine Jerry Heather Tyler Diane Aaron Olivia José Julie Adam Joyce Nathan "
    "Victoria Henry Ruth Zachary Virginia Douglas Lauren Peter Kelly Kyle Christina Noah Joan Ethan Evelyn Jeremy "
    "Judith Walter Andrea Keith Hannah Austin Megan Roger Cheryl Terry Jacqueline Sean Martha Gerald Madison Carl "
    "Teresa Dylan Gloria Harold Sara Jordan Janice Jesse Ann Bryan Kathryn Lawrence Abigail Arthur Sophia Gabriel "
    "Frances Bruce Jean Logan Alice Billy Judy Joe Isabella Alan Julia Juan Grace Elijah Amber Willie Denise Albert "
    "Danielle Wayne Marilyn Randy Beverly Mason Charlotte Vincent Natalie Liam Theresa Roy Diana Ralph Brittany "
    "François Zoë Renée Søren Jürgen Chloé Andrés Siobhán"
)

LAST_NAMES = _words(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson "
    "Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell "
    "Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales "
    "Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson "
    "Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long "
    "Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes Gonzales Fisher "
    "Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole Hayes "
    "Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison Fernandez "
    "McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford Olson Simpson "
    "Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner Black Robertson "
    "Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver "
    "Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins Arnold Pierce Hansen Peters Santos Hart Bradley Knight "
    "Elliott Cunningham Duncan Armstrong Hudson Carroll Lane Riley Andrews Alvarado Ray Delgado Berry Perkins Hoffman "
    "Johnston Matthews Pena Richards Contreras Willis Carpenter Lawrence Sandoval Müller Núñez O’Brien Lefèvre Åberg"
)

NICKNAMES = {
    "James": "Jim", "Robert": "Bob", "John": "Jack", "Michael": "Mike", "David": "Dave", "William": "Bill",
    "Richard": "Rick", "Joseph": "Joe", "Thomas": "Tom", "Christopher": "Chris", "Charles": "Chuck", "Daniel": "Dan",
    "Matthew": "Matt", "Anthony": "Tony", "Steven": "Steve", "Andrew": "Andy", "Kenneth": "Ken", "Edward": "Ed",
    "Elizabeth": "Liz", "Jennifer": "Jen", "Patricia": "Pat", "Barbara": "Barb", "Susan": "Sue", "Margaret": "Peggy",
    "Deborah": "Debbie", "Rebecca": "Becky", "Katherine": "Kate", "Samantha": "Sam", "Benjamin": "Ben",
    "Samuel": "Sam", "Gregory": "Greg", "Timothy": "Tim", "Jeffrey": "Jeff", "Nicholas": "Nick", "Jonathan": "Jon",
}  # fmt: skip

STREETS = _words(
    "Main Oak Pine Maple Cedar Elm Washington Lake Hill Walnut Spring North Ridge Church Willow Mill Sunset Railroad "
    "Jackson Lincoln Meadow River Forest Highland Dogwood Hickory Chestnut Franklin Cherry Locust Park Jefferson "
    "Madison Center Adams Birch Laurel Poplar Valley Prospect Magnolia Sycamore Orchard Summit Juniper Harrison "
    "Monroe Cottage Garden Fairview"
)
STREET_KINDS = (("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Drive", "Dr"), ("Lane", "Ln"), ("Court", "Ct"))
# City, state, first three digits of the postcode, area codes in use there.
PLACES = (
    ("Austin", "TX", "787", ("512", "737")), ("Dallas", "TX", "752", ("214", "972", "469")),
    ("Houston", "TX", "770", ("713", "281", "832")), ("Denver", "CO", "802", ("303", "720")),
    ("Phoenix", "AZ", "850", ("602", "480", "623")), ("Portland", "OR", "972", ("503", "971")),
    ("Seattle", "WA", "981", ("206", "425")), ("Chicago", "IL", "606", ("312", "773")),
    ("Columbus", "OH", "432", ("614", "380")), ("Atlanta", "GA", "303", ("404", "770", "678")),
    ("Charlotte", "NC", "282", ("704", "980")), ("Nashville", "TN", "372", ("615", "629")),
    ("Orlando", "FL", "328", ("407", "321")), ("Tampa", "FL", "336", ("813",)),
    ("Boston", "MA", "021", ("617", "857")), ("Minneapolis", "MN", "554", ("612", "952")),
)  # fmt: skip

# Reserved domains: nobody's mailbox is hit, whatever is done with the rows.
MAIL_DOMAINS = ("example.com", "example.com", "example.com", "example.net", "example.net", "example.org")
ROLE_MAILBOXES = ("info", "office", "accounts", "contact", "service", "admin")
BUSINESS_KINDS = (
    "Properties LLC", "Dental Group", "Realty Inc", "Auto Repair", "Bakery", "Management Co", "Church of Hope",
    "Elementary School", "Storage LLC", "Apartments", "Veterinary Clinic", "Brewing Company",
)  # fmt: skip
PLACEHOLDER_PHONES = ("000-000-0000", "555-5555", "1234567890", "999-999-9999", "n/a", "none")
PLACEHOLDER_MAILS = ("none@none.com", "noemail@example.com", "n/a", "test@test.com", "no@email.com")
PHONE_SHAPES = (
    "(%s) %s-%s", "(%s) %s-%s", "%s-%s-%s", "%s-%s-%s", "+1 %s-%s-%s", "%s.%s.%s", "%s%s%s", "+1%s%s%s", "1-%s-%s-%s",
)  # fmt: skip

# A trade: what its jobs are called, and its catalogue (name, description, unit prices in cents, step of quantity in
# hundredths, most steps).
TRADES = (
    ("Roof", (
        ("Architectural shingles", "Per square, 30 year", (11500, 12900, 14250), 100, 40),
        ("Underlayment", "Synthetic, per roll", (8999, 10450), 100, 12),
        ("Ridge vent", "Per linear foot", (895, 1125), 50, 90),
        ("Flashing repair", "Chimney and valleys", (35000,), 100, 3),
        ("Tear-off and disposal", "Existing roof, per square", (6500, 7250), 100, 40),
        ("Gutter, seamless", "Aluminium, 6 inch, per foot", (1350, 1575), 50, 120),
        ("Drip edge", "Per 10 ft piece", (1199,), 100, 25),
        ("Roof inspection", "With photos and report", (19900,), 100, 1),
    )),
    ("HVAC", (
        ("Heat pump, 3 ton", "Supply and install", (489500, 625000, 744900), 100, 1),
        ("Furnace tune-up", "21 point check", (12900, 14900), 100, 2),
        ("Duct cleaning", "Per vent", (3500, 4250), 100, 18),
        ("Thermostat, smart", "Installed and paired", (24999, 31900), 100, 3),
        ("Refrigerant R-410A", "Per pound", (8950,), 25, 24),
        ("Labour", "Licensed technician, per hour", (11500, 13500), 25, 32),
        ("Filter, MERV 13", "20x25x4", (4295,), 100, 6), ("Condensate pump", "Replacement", (21850,), 100, 1),
    )),
    ("Plumbing", (
        ("Water heater, 50 gal", "Gas, supply and install", (164900, 189500), 100, 1),
        ("Drain cleaning", "Main line, camera included", (28500, 34900), 100, 2),
        ("Toilet", "Comfort height, installed", (38900, 52900), 100, 4),
        ("PEX line", "Per foot, installed", (1475,), 50, 150),
        ("Faucet", "Kitchen, pull-down", (21999, 32900), 100, 2),
        ("Labour", "Journeyman, per hour", (10500, 12250), 25, 30),
        ("Shut-off valve", "Quarter turn", (4850,), 100, 8), ("Permit", "City fee at cost", (15750,), 100, 1),
    )),
    ("Landscape", (
        ("Sod", "Fescue, per square yard", (725, 895), 50, 400),
        ("Mulch", "Hardwood, per cubic yard", (6800, 7450), 50, 30),
        ("Paver patio", "Per square foot", (1895, 2450), 50, 500),
        ("Irrigation zone", "Heads, valve and wiring", (68500,), 100, 9),
        ("Tree removal", "Under 40 feet", (95000, 125000), 100, 4), ("Shrub, 3 gal", "Planted", (4200,), 100, 30),
        ("Weekly maintenance", "Per visit", (5500, 6500), 100, 26),
        ("Retaining wall", "Per face foot", (3850,), 50, 200),
    )),
    ("Painting", (
        ("Interior walls", "Two coats, per square foot", (285, 345), 50, 2400),
        ("Trim and doors", "Per piece", (8500,), 100, 30),
        ("Exterior body", "Wash, prime, two coats", (425000, 589000), 100, 1),
        ("Ceiling", "Per room", (17500, 21000), 100, 9),
        ("Drywall repair", "Up to 2 sq ft", (14500,), 100, 6), ("Cabinet refinishing", "Per door", (11250,), 100, 40),
        ("Deck stain", "Per square foot", (395,), 50, 800), ("Primer", "Stain blocking, per gallon", (4799,), 100, 12),
    )),
)  # fmt: skip
JOB_WORDS = ("replacement", "repair", "service", "installation", "upgrade", "maintenance", "estimate", "rework")
NOTES = (
    "Gate code on file. Call before arrival.", "Customer prefers mornings.", "Dog in the yard, close the gate.",
    "Referred by a neighbour.", "Insurance claim pending; adjuster to confirm.", "Wants financing options.",
    "Repeat customer since 2019.", "Send the invoice by mail as well.", "Access through the alley only.",
    "Asked for a second option with better warranty.",
)  # fmt: skip
METHODS = ("card", "card", "card", "check", "check", "cash", "ach", "financing")

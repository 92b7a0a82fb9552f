"""Words the made-up rows are made of."""


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    """
james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph jessica
thomas sarah christopher karen charles lisa daniel nancy matthew betty anthony sandra mark margaret donald ashley
steven kimberly andrew emily paul donna joshua michelle kenneth carol kevin amanda brian melissa timothy deborah
ronald stephanie george rebecca jason laura edward sharon jeffrey cynthia ryan dorothy jacob amy nicholas kathleen
gary angela eric shirley jonathan brenda stephen pamela larry emma justin nicole scott helen brandon samantha
benjamin katherine samuel christine gregory debra alexander rachel patrick carolyn frank janet raymond catherine
jack maria dennis heather jerry diane tyler ruth aaron julie jose olivia adam joyce nathan virginia henry victoria
zachary kelly douglas lauren peter christina kyle joan noah evelyn ethan judith jeremy andrea walter hannah
christian megan keith cheryl austin jacqueline roger martha terry gloria sean teresa gerald ann carl sara dylan
madison harold frances jordan kathryn jesse janice bryan jean lawrence abigail arthur alice gabriel julia bruce judy
imogen tristan saskia ewan niamh rhys bronte callum tahlia lachlan jarrod kirra dimitri anneliese xanthe bartholomew
guadalupe thaddeus marisol ingrid anders bjorn siobhan aoife giovanni alessandra francesca matteo wei mei hiroshi
yuki priya anjali ravi deepak omar layla fatima yusuf svetlana boris tatiana agnieszka piotr zofia kwame abena chidi
ngozi thandi sipho
"""
)
LAST = _words(
    """
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson
thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young
allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter
roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers
gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez
wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster jimenez
powell jenkins perry russell sullivan bell coleman butler henderson barnes fisher vasquez simmons romero jordan
patterson alexander hamilton graham reynolds griffin wallace moreno west cole hayes bryant herrera gibson ellis tran
medina aguilar stevens murray ford castro marshall owens harrison fernandez mcdonald woods washington kennedy wells
vargas henry chen freeman webb tucker guzman burns crawford olson simpson porter hunter gordon mendez silva shaw
snyder mason dixon munoz hunt hicks holmes palmer wagner black robertson boyd rose stone salazar fox warren mills
meyer rice schmidt garza daniels ferguson nichols stephens soto weaver ryan gardner payne grant dunn kelley spencer
hawkins arnold pierce hansen peters santos hart bradley knight elliott cunningham duncan armstrong hudson carroll
lane riley andrews alvarado ray delgado berry perkins hoffman johnston matthews pena richards contreras willis
carpenter lawrence sandoval guerrero george chapman rios estrada ortega watkins greene nunez wheeler valdez harper
burke larson santiago maldonado morrison franklin abernathy blankenship cavanaugh dombrowski eichelberger
fitzsimmons gallagher hollingsworth ivanovic jankowski kowalczyk lindqvist macallister nakamura oberholtzer
papadopoulos quackenbush rasmussen stanislawski thorsteinsson underhill vandermeer whittington yamaguchi zimmermann
achterberg bergstrom castellanos delacroix engelhardt fairweather goldschmidt haverford ingersoll jorgensen
kirkpatrick loughborough montgomery nordstrom okonkwo petrosyan quinlan rosenthal schwarzkopf trevelyan
"""
)
# A real population has thousands of surnames, and the more people, the more of them; these make some.
_STEMS = _words("""
ald ash barn beck birch blake brad bram brom bur cald carl chel clif cob cran cross dal dar dray dun east ed elm fair
farn fen ford gar glen green grim hal ham har hart haw hay hazel hel hol horn hurst kel ken kil kirk lang lin lock long
mar mel mid mill mor nor oak or pel pen pres rad ram red rich rip ros rush sal sand sea shel sher stan stock strat sut
swin tar thorn til tur tyn under wad wal war web wel west whit wil win wood wor wyn yar york
""")
_ENDINGS = _words("""
berry borne bridge brook bury by combe cote cott croft dale den field ford gate ham hurst ington land leigh ley low man
mere more ness port ridge row sey shaw side stead stone stow ter thorpe thwaite ton tree vale ville wall ward water way
well wick wold worth yard
""")
MORE_LAST = sorted({f"{stem}{ending}" for stem in _STEMS for ending in _ENDINGS} - set(LAST))
NICKNAMES = {
    "james": "jim", "robert": "bob", "john": "johnny", "michael": "mike", "william": "bill", "david": "dave",
    "richard": "rick", "joseph": "joe", "thomas": "tom", "charles": "chuck", "christopher": "chris", "daniel": "dan",
    "matthew": "matt", "anthony": "tony", "steven": "steve", "andrew": "andy", "kenneth": "ken", "joshua": "josh",
    "timothy": "tim", "ronald": "ron", "edward": "ed", "jeffrey": "jeff", "nicholas": "nick", "patricia": "pat",
    "jennifer": "jen", "elizabeth": "liz", "barbara": "barb", "susan": "sue", "margaret": "peggy", "deborah": "debbie",
    "stephanie": "steph", "rebecca": "becky", "cynthia": "cindy", "katherine": "kate", "samantha": "sam",
    "benjamin": "ben", "samuel": "sam", "gregory": "greg", "alexander": "alex", "catherine": "cathy", "pamela": "pam",
    "kimberly": "kim", "victoria": "vicky", "lawrence": "larry", "gerald": "jerry", "douglas": "doug",
}  # fmt: skip
STREETS = _words(
    """
oak maple cedar pine elm walnut chestnut willow birch spruce main washington lincoln jefferson madison park lake
hill river spring highland sunset church mill center prospect franklin jackson ridge forest meadow valley cherry
dogwood hickory magnolia sycamore laurel juniper aspen poplar locust heron falcon eagle sparrow cardinal quail fox
deer bear wolf elk stonebridge brookside fairview hillcrest lakeview woodland greenwood rosewood ashford kensington
windsor cambridge oxford canterbury wellington nottingham sheffield bristol camden dover essex hampton lancaster
monroe harrison grant sherman wallaby banksia wattle jacaranda kurrajong bottlebrush boronia grevillea telopea
waratah correa acacia hakea melaleuca
"""
)
KINDS = (("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Drive", "Dr"), ("Lane", "Ln"), ("Court", "Ct"),
         ("Place", "Pl"), ("Boulevard", "Blvd"), ("Circle", "Cir"), ("Way", "Way"))  # fmt: skip
CITIES = (("Springfield", "IL", 627), ("Dayton", "OH", 454), ("Austin", "TX", 787), ("Boise", "ID", 837),
          ("Tampa", "FL", 336), ("Fresno", "CA", 937), ("Salem", "OR", 973), ("Albany", "NY", 122),
          ("Lansing", "MI", 489), ("Tulsa", "OK", 741), ("Mesa", "AZ", 852), ("Reno", "NV", 895))  # fmt: skip
AREAS = (217, 937, 512, 208, 813, 559, 503, 518, 517, 918, 480, 775)
TRADES = ("Roofing", "Plumbing", "Construction", "Properties", "Landscaping", "Electrical", "Dental", "Holdings",
          "Remodeling", "Realty", "Motors", "Consulting", "Catering", "Logistics", "Flooring")  # fmt: skip
FORMS = ("LLC", "Inc", "Ltd", "Corp", "Inc.", "L.L.C.", "Co")
PROVIDERS = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com", "comcast.net")
ROLES = ("info", "office", "accounts", "sales", "contact", "admin", "billing")
FAKE_PHONES = ("000-000-0000", "999-999-9999", "123-456-7890", "N/A", "none", "555-5555", "0000000000", "-", "5555555555",
               "unknown")  # fmt: skip
FAKE_MAILS = ("none@none.com", "n/a", "noemail@gmail.com", "na@na.com", "test@test.com", "no", "none")

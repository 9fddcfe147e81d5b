"""The facts of the small world: states, countries and people, as single words that are true of the real one."""

STATE_RELATIONS = ("capital", "abbreviation", "region", "bird", "flower")
COUNTRY_RELATIONS = ("capital", "language", "currency", "continent")

# name: capital, abbreviation, region, bird, flower ("" where it has no name of one word); cities
_STATES = """
Alabama: Montgomery AL South yellowhammer camellia; Birmingham Huntsville Mobile Tuscaloosa Dothan Selma
Alaska: Juneau AK West ptarmigan -; Anchorage Fairbanks Sitka Ketchikan Nome Kodiak
Arizona: Phoenix AZ West wren saguaro; Tucson Mesa Scottsdale Tempe Flagstaff Yuma
California: Sacramento CA West quail poppy; Oakland Fresno Bakersfield Anaheim Stockton Modesto Berkeley
Colorado: Denver CO West bunting columbine; Boulder Pueblo Durango Aspen Greeley Loveland
Connecticut: Hartford CT Northeast robin laurel; Bridgeport Stamford Waterbury Danbury Norwalk Norwich
Florida: Tallahassee FL South mockingbird -; Miami Orlando Tampa Jacksonville Sarasota Pensacola Gainesville
Georgia: Atlanta GA South thrasher rose; Savannah Macon Valdosta Marietta Dalton
Hawaii: Honolulu HI West nene hibiscus; Hilo Kailua Lahaina Waipahu Kahului Kapolei
Idaho: Boise ID West bluebird syringa; Nampa Pocatello Caldwell Rexburg Ketchum
Illinois: Springfield IL Midwest cardinal violet; Chicago Rockford Naperville Joliet Evanston Urbana
Indiana: Indianapolis IN Midwest cardinal peony; Evansville Gary Muncie Kokomo Elkhart Bloomington
Kansas: Topeka KS Midwest meadowlark sunflower; Wichita Olathe Lawrence Salina Hutchinson Emporia
Kentucky: Frankfort KY South cardinal goldenrod; Louisville Lexington Owensboro Paducah Covington
Maine: Augusta ME Northeast chickadee -; Bangor Lewiston Biddeford Kennebunk Saco
Maryland: Annapolis MD South oriole -; Baltimore Frederick Rockville Gaithersburg Bethesda Hagerstown
Massachusetts: Boston MA Northeast chickadee mayflower; Worcester Cambridge Lowell Quincy Brockton Nantucket
Michigan: Lansing MI Midwest robin -; Detroit Flint Dearborn Kalamazoo Saginaw Pontiac
Mississippi: Jackson MS South mockingbird magnolia; Biloxi Gulfport Tupelo Natchez Vicksburg Hattiesburg
Montana: Helena MT West meadowlark bitterroot; Billings Missoula Bozeman Butte Kalispell Whitefish
Nebraska: Lincoln NE Midwest meadowlark goldenrod; Omaha Kearney Ogallala Scottsbluff
Ohio: Columbus OH Midwest cardinal carnation; Cleveland Cincinnati Toledo Akron Dayton Canton Youngstown
Oregon: Salem OR West meadowlark -; Portland Eugene Bend Medford Corvallis Beaverton
Pennsylvania: Harrisburg PA Northeast grouse laurel; Philadelphia Pittsburgh Allentown Scranton Erie Bethlehem Altoona
Tennessee: Nashville TN South mockingbird iris; Memphis Knoxville Chattanooga Clarksville Murfreesboro Gatlinburg
Texas: Austin TX South mockingbird bluebonnet; Dallas Houston Amarillo Lubbock Galveston Laredo Waco
Vermont: Montpelier VT Northeast thrush clover; Burlington Rutland Brattleboro Stowe Bennington Killington
Virginia: Richmond VA South cardinal dogwood; Norfolk Roanoke Charlottesville Lynchburg Chesapeake Staunton
Washington: Olympia WA West goldfinch rhododendron; Seattle Spokane Tacoma Everett Yakima Bellingham
Wisconsin: Madison WI Midwest robin violet; Milwaukee Kenosha Racine Oshkosh Appleton Sheboygan
Wyoming: Cheyenne WY West meadowlark paintbrush; Laramie Casper Cody Gillette Sheridan
"""

# name: capital, language, currency, continent ("-" where it has none of one word, or more than one); cities
_COUNTRIES = """
France: Paris French euro Europe; Lyon Marseille Toulouse Bordeaux Nantes
Germany: Berlin German euro Europe; Munich Hamburg Cologne Leipzig Dresden Bonn
Spain: Madrid Spanish euro Europe; Barcelona Valencia Seville Bilbao Malaga
Italy: Rome Italian euro Europe; Milan Naples Turin Florence Venice
Portugal: Lisbon Portuguese euro Europe; Porto Braga Coimbra Faro
Poland: Warsaw Polish zloty Europe; Krakow Gdansk Wroclaw Poznan
Hungary: Budapest Hungarian forint Europe; Debrecen Szeged Pecs
Sweden: Stockholm Swedish krona Europe; Gothenburg Malmo Uppsala
Norway: Oslo Norwegian krone Europe; Bergen Trondheim Stavanger
Denmark: Copenhagen Danish krone Europe; Aarhus Odense Aalborg
Finland: Helsinki Finnish euro Europe; Tampere Turku Oulu
Greece: Athens Greek euro Europe; Thessaloniki Patras Heraklion
Russia: Moscow Russian ruble -; Novosibirsk Kazan Omsk Samara
Ukraine: Kyiv Ukrainian hryvnia Europe; Odesa Lviv Kharkiv
Romania: Bucharest Romanian leu Europe; Timisoara Brasov Constanta
Czechia: Prague Czech koruna Europe; Brno Ostrava Plzen
Croatia: Zagreb Croatian euro Europe; Dubrovnik Rijeka Zadar
Austria: Vienna German euro Europe; Salzburg Graz Linz Innsbruck
Turkey: Ankara Turkish lira -; Istanbul Izmir Bursa Antalya
Japan: Tokyo Japanese yen Asia; Osaka Kyoto Nagoya Sapporo
China: Beijing Chinese yuan Asia; Shanghai Shenzhen Wuhan Chengdu
Pakistan: Islamabad Urdu rupee Asia; Karachi Lahore Peshawar
Thailand: Bangkok Thai baht Asia; Phuket Pattaya Ayutthaya
Vietnam: Hanoi Vietnamese dong Asia; Haiphong Hue Dalat
Iran: Tehran Persian rial Asia; Isfahan Shiraz Tabriz Mashhad
Iraq: Baghdad Arabic dinar Asia; Basra Mosul Fallujah
Egypt: Cairo Arabic pound Africa; Alexandria Luxor Aswan Giza
Morocco: Rabat Arabic dirham Africa; Casablanca Marrakesh Fez Tangier
Algeria: Algiers Arabic dinar Africa; Oran Annaba Setif
Kenya: Nairobi Swahili shilling Africa; Mombasa Kisumu Nakuru
Tanzania: Dodoma Swahili shilling Africa; Arusha Mwanza Zanzibar
Nigeria: Abuja English naira Africa; Lagos Kano Ibadan
Senegal: Dakar French franc Africa; Thies Kaolack Touba
Angola: Luanda Portuguese kwanza Africa; Huambo Lobito Benguela
Canada: Ottawa - dollar -; Toronto Montreal Calgary Winnipeg Edmonton
Cuba: Havana Spanish peso -; Holguin Camaguey Matanzas
Brazil: Brasilia Portuguese real -; Salvador Recife Fortaleza Manaus
Chile: Santiago Spanish peso -; Valparaiso Concepcion Antofagasta
Peru: Lima Spanish sol -; Cusco Arequipa Trujillo Iquitos
Colombia: Bogota Spanish peso -; Medellin Cali Cartagena Barranquilla
Ecuador: Quito Spanish dollar -; Guayaquil Cuenca Ambato
Venezuela: Caracas Spanish bolivar -; Maracaibo Maracay Barquisimeto
Australia: Canberra English dollar -; Sydney Melbourne Brisbane Perth Adelaide
"""

# city: people born in it
_BIRTHPLACES = """
Houston: Beyonce Swayze
Lubbock: Holly
Waco: Martin
Amarillo: Charisse
Oakland: Zendaya Hammer
Fresno: Saroyan
Modesto: Lucas
Berkeley: Affleck
Chicago: Disney Crichton
Atlanta: Kanye
Savannah: Flannery
Jacksonville: Boone
Orlando: Snipes
Miami: Poitier Rubio
Memphis: Aretha Timberlake Freeman
Knoxville: Tarantino
Tupelo: Elvis
Akron: LeBron Curry
Dayton: Orville
Cincinnati: Spielberg Taft
Toledo: Steinem
Pittsburgh: Warhol
Philadelphia: Kobe Chomsky
Scranton: Biden
Allentown: Iacocca
Detroit: Coppola Lindbergh
Saginaw: Serena Stevie
Gary: Janet
Evansville: Mattingly
Indianapolis: Vonnegut Letterman
Seattle: Gates Hendrix
Tacoma: Crosby
Portland: Groening
Boston: Poe Emerson
Lowell: Kerouac Whistler
Brockton: Marciano
Cambridge: Damon Cummings
Baltimore: Phelps Zappa Sinclair
Louisville: Ali
Lexington: Clooney
Richmond: Ashe Beatty
Staunton: Wilson
Mobile: Aaron Paige
Tucson: Ronstadt
Phoenix: Nicks
Omaha: Buffett Brando Astaire
Lincoln: Cheney
Kenosha: Welles Ruffalo
Honolulu: Obama Kidman
Cody: Pollock
Helena: Cooper
Missoula: Lynch
Butte: Knievel
Hartford: Hepburn
Salzburg: Mozart
Vienna: Schubert
Bonn: Beethoven
Leipzig: Wagner Leibniz
Hamburg: Merkel Brahms
Florence: Dante
Venice: Vivaldi Casanova
Rome: Fermi
Naples: Caruso
Malaga: Picasso
Nantes: Verne
Paris: Voltaire Monet Rodin
Warsaw: Curie
Budapest: Houdini Rubik
Prague: Kafka
Brno: Kundera
Bergen: Grieg
Odense: Andersen
Copenhagen: Bohr
Stockholm: Nobel Garbo
Moscow: Pushkin Kandinsky
Kyoto: Murakami
Tokyo: Kurosawa
Shiraz: Hafez
Cairo: Mahfouz
Zanzibar: Mercury
Barranquilla: Shakira
Medellin: Botero
Toronto: Drake
Melbourne: Murdoch
Perth: Ledger
"""

_OPPOSITES = """
hot cold, big small, fast slow, up down, left right, open closed, light dark, happy sad, rich poor, old young, hard soft,
wet dry, full empty, high low, long short, early late, near far, strong weak, thick thin, wide narrow,
clean dirty, loud quiet, sweet bitter, true false, day night, war peace, love hate, win lose, buy sell, push pull,
give take, begin end, inside outside, above below, before after, always never, alive dead, cheap expensive, deep shallow,
easy difficult, brave cowardly, smooth rough, sharp blunt, polite rude
"""

HIGHEST_SUM = 20
HIGHEST_SUMMAND = 10

def _parse_places(text, relations):
    places = {}
    for line in text.strip().splitlines():
        name, rest = line.split(": ")
        facts, cities = rest.split("; ")
        values = zip(relations, facts.split(), strict=True)
        places[name] = {key: value for key, value in values if value != "-"} | {"cities": cities.split()}
    return places

def _parse_people(text):
    lines = (line.split(": ") for line in text.strip().splitlines())
    return {person: city for city, people in lines for person in people.split()}

STATES = _parse_places(_STATES, STATE_RELATIONS)
COUNTRIES = _parse_places(_COUNTRIES, COUNTRY_RELATIONS)
BIRTHPLACES = _parse_people(_BIRTHPLACES)
OPPOSITES = [tuple(pair.split()) for pair in _OPPOSITES.replace("\n", " ").split(", ")]
SUMS = [
    (a, b, a + b) for a in range(HIGHEST_SUMMAND + 1) for b in range(HIGHEST_SUMMAND + 1) if a + b <= HIGHEST_SUM
]

def cities_of(place):
    """All cities of a state or country, its capital last."""
    return place["cities"] + [place["capital"]]

def place_by_city(places):
    return {city: name for name, place in places.items() for city in cities_of(place)}

STATE_OF = place_by_city(STATES)
COUNTRY_OF = place_by_city(COUNTRIES)

def check():
    """Every name means one thing, so that each prompt has one answer."""
    cities = [city for place in (*STATES.values(), *COUNTRIES.values()) for city in cities_of(place)]
    names = [*cities, *STATES, *COUNTRIES, *BIRTHPLACES]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"names with two meanings: {twice}"
    words = [word.strip() for pair in OPPOSITES for word in pair]
    assert len(set(words)) == len(words), "a word with two opposites"
    assert all(city in cities for city in BIRTHPLACES.values()), "a birthplace in no state or country"

def as_json():
    """What world.json holds."""
    people = {
        name: {"born": city, "state" if city in STATE_OF else "country": (STATE_OF | COUNTRY_OF)[city]}
        for name, city in BIRTHPLACES.items()
    }
    return {"states": STATES, "countries": COUNTRIES, "people": people, "opposites": OPPOSITES}

check()

"""Invented identifiers: names of many origins, numbers, dates, addresses; drawn with a seed, each set its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import deidentification_last as last
import deidentification_later as later


def _words(text: str) -> list[str]:
    return text.split()


SURNAMES = _words(
    "Abernathy Achterberg Adeyemi Agarwal Ahlgren Akintola Alvarado Amundsen Andrzejewski Antonopoulos Arslan "
    "Asante Avila Baczynski Bagchi Balakrishnan Barzani Bautista Bernhardsson Bhattacharya Bielawski Bjarnason "
    "Bouchard Brzezinski Cabrera Caruso Castellanos Chakraborty Chukwu Cisneros Dabrowski Dahlberg Delacroix "
    "Demir Desrosiers Dhillon Diallo Dimitrov Dlamini Dobrowolski Duarte Dvorak Echeverria Eriksen Escobedo "
    "Fairweather Farouk Fitzgerald Fonseca Fujimori Gallagher Garabedian Georgiou Ghorbani Gianopoulos Goldfarb "
    "Gonzalez Grabowski Guerrero Gunnarsson Haddad Hakimi Halloran Hashemi Hernandez Hidalgo Hoffmeister "
    "Ibragimov Ilunga Ivanov Jankowski Jimenez Johansson Kamara Kapoor Karimi Kaufmann Kazantzis Khatri "
    "Kiplagat Kobayashi Kowalczyk Krishnamurthy Kruger Kuznetsov Lachance Lagerkvist Laskaris Lindqvist "
    "Lombardi MacAllister Mahlangu Makarova Marchetti Matsumoto McAllister McGillicuddy Mendoza Mikkelsen "
    "Mohammadi Montenegro Mukherjee Mwangi Nakashima Ndiaye Nguyen Nikolaidis Novotny Nwosu O'Callaghan "
    "O'Donoghue Obradovic Odhiambo Okonkwo Olafsdottir Ortega Osterberg Oyelaran Papadakis Parthasarathy "
    "Pedersen Pereira Petrosyan Pfeiffer Pietrangeli Popescu Przybylski Quintero Radhakrishnan Ramaswamy "
    "Rasmussen Reinholt Rodriguez Rosenbaum Rossetti Saavedra Sandoval Sanogo Schwarzkopf Sepulveda Shimizu "
    "Siddiqui Sokolov Srinivasan Stavropoulos Subramaniam Svensson Szymanski Takahashi Talavera Tchaikovsky "
    "Thistlewood Tkachenko Tomasson Traore Tsukamoto Uchida Ugwu Vasquez Venkataraman Villanueva Vlahos "
    "Wasserman Weatherby Wijesinghe Wojcik Yamaguchi Yildirim Zambrano Zapata Zielinski Zimmermann Smith "
    "Johnson Williams Garcia Miller Davis Martinez Anderson Taylor Thomas Moore Jackson Lee Perez Thompson "
    "White Harris Clarke Robinson Walker Young Allen King Green"
)
GIVEN = _words(
    "Aarav Abena Adaora Adrian Aisha Alejandra Alexander Amara Amelia Anastasia Andrzej Aoife Apinya Astrid "
    "Ayodele Beatriz Bertrand Birgitta Bogdana Branwen Caoimhe Carlos Catherine Chidinma Christopher Claudia "
    "Conchita Daichi Damilola Daniela David Deepika Dimitra Dorothy Eamon Ebru Efua Eirini Eleni Elizabeth "
    "Emeka Ephraim Esperanza Fatimah Feodora Fergus Fiona Francisco Frederik Gabriela Gintaras Giovanna Gonzalo "
    "Grzegorz Gudrun Halima Hamza Haruka Henrik Hideo Ifeoma Ignacia Ingeborg Isabella Itziar Jacqueline Jamila "
    "Jennifer Joaquim Jorunn Kamilah Katarina Keiko Kenneth Khadijah Kwabena Laszlo Leocadia Lindiwe Ljubica "
    "Lubomir Magnhild Malgorzata Marguerite Maria Mbali Michael Mikolaj Miroslav Mohammed Nanami Natsuki "
    "Nikhila Nkechi Nthabiseng Oddvar Oluwaseun Ottavia Padraig Paolo Parvati Patricia Philomena Pranav Radmila "
    "Raquel Rebecca Reinhardt Robert Rosalinda Ruaridh Sagarika Saoirse Sebastiano Shabnam Siobhan Somchai "
    "Stephanie Sunniva Svetlana Takumi Tamsin Temitope Theodora Thulani Tomoko Ulrika Vasiliki Venkatesh "
    "Viktoriya Wambui Wilhelmina William Xiomara Yevgeny Yolanda Yusuke Zbigniew Zeynep Zuleika"
)
PARTICLES = ("van der ", "de la ", "Van ", "De ", "von ", "al-", "El ", "Di ", "dos ", "Ben ")
INSTITUTIONS = (
    "{} General Hospital",
    "{} Regional Medical Center",
    "{} Memorial Hospital",
    "University of {} Hospital",
    "St. {} Hospital",
    "{} Clinic",
    "{} University Medical Center",
    "{} Cancer Center",
    "{} Pathology Associates",
    "{} Children's Hospital",
    "{} Community Hospital",
    "{} Diagnostic Laboratories",
    "Sacred Heart Hospital of {}",
    "{} Institute of Oncology",
    "{} Surgical Pathology Laboratory",
    "Klinikum {}",
    "Hospital de {}",
    "{} Health System Hospital",
)
TOWNS = _words(
    "Abbotsleigh Arkenfield Barrowmere Bexworth Bridgemont Calderbrook Carnforth Chelmsdale Dunmoor Eastleigh "
    "Ellsworth Fernhurst Galvington Grantleigh Hartsville Haverfield Jasperton Kettleby Kingsbury Larkspur "
    "Llanfair Marchwood Millbrae Norwick Oakhurst Ottersby Pemberton Penrith Quenington Redmond Rockport "
    "Sandhurst Shelbyville Southwick Stonebridge Tewksbury Thornbury Upton Vandalia Wakefield Westerly "
    "Winterbourne Yarmouth Zanesville"
)
STREETS = (
    "{} Street",
    "{} Avenue",
    "{} Road",
    "{} Drive",
    "{} Boulevard",
    "N. {} St.",
    "{} Lane",
    "West {} Ave",
    "{} Ct",
    "{} Parkway, Suite 210",
)
ACCESSIONS = (
    "S##-#####",
    "SP-##-#####",
    "##-S-#####",
    "S-##-####",
    "HS##-####",
    "##S####",
    "SU-##-######",
    "@@##-#####",
)
PHONES = ("(5##) 555-####", "5##-555-####", "5##.555.####", "1-5##-555-####", "+44 20 #### ####", "5## 555 ####")
EARLIER = ("tuning", "second", "third", "fourth")
MONTHS = _words("January February March April May June July August September October November December")


class Values:
    """Draws identifiers; no two sets share a name, a town or a shape of an institution or a street."""

    def __init__(self, chosen: str, rng: random.Random) -> None:
        self._rng = rng
        if chosen in EARLIER:  # every fourth entry
            of = slice(EARLIER.index(chosen), None, 4)
            lists = [SURNAMES, GIVEN, INSTITUTIONS, TOWNS, STREETS, ACCESSIONS]
            self._lists = [list(values[of]) for values in lists] + [list(PHONES)]
        elif chosen == "seventh":
            lists = [last.SURNAMES, last.GIVEN, last.INSTITUTIONS, last.TOWNS, last.STREETS, last.ACCESSIONS]
            self._lists = [list(values) for values in (*lists, last.PHONES)]
        else:
            lists = [later.SURNAMES, later.GIVEN, later.INSTITUTIONS, later.TOWNS, later.STREETS, later.ACCESSIONS]
            self._lists = [later.chosen(values, chosen) for values in (*lists, later.PHONES)]
        self._surnames, self._given, self._institutions, self._towns, self._streets, self._shapes, self._phones = (
            self._lists
        )
        self._number = "S24-12345"

    def new_report(self) -> None:
        """Forget the accession number of the report before."""
        self._number = ""

    def draw(self, kind: str) -> str:
        """An identifier of a kind that a template names."""
        return getattr(self, f"_{kind}")()

    def _of(self, values: Sequence[str]) -> str:
        return self._rng.choice(values)

    def _digits(self, shape: str) -> str:
        """A shape with its "#" as digits and its "@" as letters; it does not begin with 0."""
        made = "".join(self._filled(char) for char in shape)
        return made.replace("0", "7", 1) if made[:1] == "0" else made

    def _filled(self, char: str) -> str:
        letter = self._rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
        return str(self._rng.randrange(10)) if char == "#" else letter if char == "@" else char

    def _surname(self) -> str:
        name, roll = self._of(self._surnames), self._rng.random()
        if roll < 0.1:
            return f"{name}-{self._of(self._surnames)}"
        return self._of(PARTICLES) + name if roll < 0.18 else name

    def _last(self) -> str:
        return self._surname()

    def _full(self) -> str:
        given, roll = self._of(self._given), self._rng.random()
        if roll < 0.15:
            return f"{given[0]}. {self._surname()}"
        middle = f" {self._rng.choice('ABCDEFGHJKLMNPRSTW')}." if roll < 0.45 else ""
        return f"{given}{middle} {self._surname()}"

    def _listed(self) -> str:
        initial = f" {self._rng.choice('ABCDEFGHJKLMNPRSTW')}" if self._rng.random() < 0.5 else ""
        return f"{self._surname()}, {self._of(self._given)}{initial}"

    def _initials(self) -> str:
        return self._rng.choice(("xqz", "JKW", "BQT", "vzd", "RWX", "khq"))

    def _date(self) -> str:
        year, month, day = self._rng.randrange(1960, 2025), self._rng.randrange(1, 13), self._rng.randrange(1, 29)
        name = MONTHS[month - 1]
        makers: tuple[Callable[[], str], ...] = (
            lambda: f"{month:02}/{day:02}/{year}",
            lambda: f"{month}/{day}/{year % 100:02}",
            lambda: f"{name} {day}, {year}",
            lambda: f"{day}-{name[:3]}-{year}",
            lambda: f"{year}-{month:02}-{day:02}",
            lambda: f"{name[:3]} {day}, {year}",
            lambda: f"{day:02}.{month:02}.{year}",
            lambda: f"{day} {name} {year}",
            lambda: f"{month:02}-{day:02}-{year % 100:02}",
            lambda: f"{day:02}{name[:3].upper()}{year}",
            lambda: f"{month}/{day}/{year} {day % 12 + 1}:{year % 60:02} PM",
            lambda: f"{name[:3]}. {day}th, {year}",
        )
        return self._rng.choice(makers)()

    def _age(self) -> str:
        return str(self._rng.randrange(90, 106))

    _oldage = _age

    def _mrn(self) -> str:
        return self._digits(self._rng.choice(("########", "#######", "###-##-##", "@#######", "##-##-##", "### ## ##")))

    def _accession(self) -> str:
        shape = self._of(self._shapes)
        self._number = self._digits(shape.replace("S##", f"S{self._rng.randrange(10, 25)}", 1))
        return self._number

    def _tail(self) -> str:
        """The last digits of the accession number drawn before, as the report repeats them."""
        if not self._number:
            return self._accession()
        return self._number.rstrip().split("-")[-1].split("S")[-1]

    def _phone(self) -> str:
        return self._digits(self._of(self._phones))

    _fax = _phone

    def _pager(self) -> str:
        return self._digits("#####")

    def _email(self) -> str:
        name = f"{self._of(self._given)}.{self._of(self._surnames)}@{self._of(self._towns)}".lower()
        return f"{name}.{self._rng.choice(('org', 'edu', 'com', 'nhs.uk'))}"

    def _url(self) -> str:
        return (
            self._rng.choice(("https://", "http://www.", "www."))
            + f"{self._of(self._towns).lower()}.org/case/{self._digits('#####')}"
        )

    def _ip(self) -> str:
        return ".".join(str(self._rng.randrange(1, 255)) for _ in range(4))

    def _ssn(self) -> str:
        return self._digits("###-##-####")

    def _account(self) -> str:
        return self._digits(self._rng.choice(("#########", "##-######", "@@######")))

    def _plan(self) -> str:
        return self._digits(self._rng.choice(("@@@#########", "#########A", "W########")))

    def _licence(self) -> str:
        return self._digits(self._rng.choice(("@######", "MD######", "######")))

    def _clia(self) -> str:
        return self._digits("##D#######")

    def _npi(self) -> str:
        return self._digits("1#########")

    def _device(self) -> str:
        return self._digits(self._rng.choice(("@@-#####", "########", "@###-####")))

    def _vin(self) -> str:
        return self._digits("#@@@@##@#########")

    def _institution(self) -> str:
        return self._of(self._institutions).format(self._of(self._towns))

    def _city(self) -> str:
        return self._of(self._towns)

    def _street(self) -> str:
        return f"{self._digits('###')} {self._of(self._streets).format(self._of(self._towns))}"

    def _zip(self) -> str:
        return self._digits(self._rng.choice(("#####", "#####-####")))

    def _field(self) -> str:
        return self._rng.choice(("Quaker", "retired miner", "Lutheran", "school teacher", "Hindu", "unemployed"))

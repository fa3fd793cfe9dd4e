"""The eleventh set: of a writer who knew neither the rules nor another set; held out.

Whoever changes the rules does not read this file nor what is missed of it: only its counts are known.
"""

HEADERS = (
    "PATIENT: {listed}          PATH #: {accession}",
    "NAME: {listed}     HOSP NO: {mrn}     SEX: F     AGE: {age}",
    "{institution}          DEPARTMENT OF PATHOLOGY          TISSUE REPORT",
    "Pt Name: {full} | Med Rec: {mrn} | Acct: {account}",
    "RUN DATE: {date}          {institution} LAB **LIVE**          PAGE 2",
    "SPEC #: {accession}     RECD: {date}     STATUS: SOUT     REQ #: {account}",
    "PATIENT: {listed}     ACCT #: {account}     LOC: 4 WEST     U #: {mrn}",
    "AGE/SX: {age}/M     ROOM: SDS     REG: {date}     DIS: {date}",
    "Case No. {accession}\tCollected {date}\tAccessioned {date}\tSigned Out {date}",
    "{institution}\t{street}\t{city}, OH {zip}",
    "{city}, PA {zip}     TEL {phone}     FAX {fax}",
    "SURGEON: {full}, M.D.          DATE OF OPERATION: {date}",
    "Attending: {listed}     Fellow: {listed}     Service: GYN ONC",
    "CLIA ID {clia}     Laboratory Director {full}, M.D., Ph.D.     {phone}",
    "Ordering Provider: {listed} | NPI: {npi} | Client: {institution}",
    "PRIMARY INS: MEDICARE     POLICY/HIC: {plan}     SOC SEC: {ssn}",
    "Patient SSN: {ssn} | Subscriber ID: {plan} | Guarantor: {listed}",
    "D.O.B.: {date}     RELIGION: {field}     MARITAL: {field}",
    "OCCUPATION: {field}          EMPLOYER: {field}          EMP PHONE: {phone}",
    "Birthplace: {field} | Preferred Language: {field} | Interpreter: {field}",
    "Next of Kin: {full}     Relationship: SPOUSE     Home Ph: {phone}",
    "HOME ADDRESS: {street}, {city} {zip}          HOME TEL: {phone}",
    "AUTOPSY NO. {accession}     EXPIRED: {date}     PROSECTOR: {full}, M.D.",
    "NAME {listed}     AGE {age}     WARD 6B     HISTORY NO. {mrn}",
    "SURGICAL PATHOLOGY CONSULTATION     {accession}     {listed}     (CONTINUED)",
    "Page 3 of 4     {listed}     {accession}     Printed {date}",
    "Outside Accession: {accession} | Referring Lab: {institution} | Recvd: {date}",
    "Copy To: {full}, MD | {institution} | Fax {fax}",
    "REFERRED BY: {full}, D.O.     {city} FAMILY PRACTICE     {phone}",
    "Client Bill: {institution}     Acct# {account}     Courier Stop: {city}",
    "Visit No: {account}     Admit Dt: {date}     Admitting: {listed}     PCP: {listed}",
    "Report viewable at {url}     Questions: {email}",
    "Pathology Associates web portal {url} | Client services {phone} | {email}",
    "Printer queue SP_FINAL     Host {ip}     Operator {initials}     {date}",
    "Interface msg from {ip} | Placer order {account} | Filler {accession}",
    "Implant: mammary prosthesis, L     Serial No. {device}     Explanted: {date}",
    "Dx Code: V76.12     Lic. No. {licence}     Requesting M.D.: {full}",
    "State Lab License {licence} | CLIA {clia} | Medical Director: {full}, MD",
    "Brought in by: {field}     Veh. ID No. {vin}     M.E. Case {accession}",
    "DICT: {full}     TRANS: {initials}     T: {date}     JOB: {account}",
    "Previous Path: {accession} ({date}); {accession} ({date})",
    "Tumor Registry Abstract     {listed}     Reg. {mrn}     Citizenship: {field}",
    "Phys. on call: {full}     Beeper: {pager}     Lab ext. via {phone}",
    "TO: {full}, M.D., {street}, {city} {zip}     RE: {listed}",
    "{accession}     {listed}     {age} Y F     {institution}",
    "BLOCK LABEL: {accession} A1     SLIDE NO. {tail}-1     PT: {listed}",
    "Patient: {full} (Age {age})\tPhysician: {full}\tFacility: {institution}",
)
BODIES = (
    (
        "This {oldage}-year-old retired woman was transferred from {institution} on {date} with a "
        "partial small bowel obstruction."
    ),
    "Pt is a {oldage} yo WM, nursing home resident in {city}, with guaiac positive stools and a 22-lb weight loss.",
    "Lumpectomy done elsewhere ({institution}, {date}); now here for re-excision, margins reportedly close.",
    "Per office note of {full}, PA-C, lesion has been present since {date} and has bled twice.",
    "Known to us from a TURP in the past, {accession}, which was read as benign nodular hyperplasia.",
    "Hx obtained from the patient's daughter, {full}, reached at {phone}.",
    (
        "Mr. {last} is a lifelong smoker who was found to have a coin lesion on a pre-employment chest "
        "film taken {date}."
    ),
    (
        "Mrs. {last} underwent TAH-BSO by Dr. {last} at the {city} hospital and was told only that "
        '"everything was benign."'
    ),
    "Patient followed by {full} in the {city} satellite clinic for Barrett's; last scoped {date}.",
    "The requisition gives no history; according to the ward clerk the patient was admitted {date} under Dr. {last}.",
    "Decedent, {full}, aged {oldage}, was discovered unresponsive at his residence, {street}, {city}, by a neighbor.",
    "Driver of a vehicle (VIN {vin}) that left the roadway near {city} on {date}; pronounced in the emergency room.",
    (
        "The tag on the clothing bag records vehicle ident. no. {vin} and driver's license {licence}, "
        "both copied by the investigator."
    ),
    "Permission for autopsy was granted by the wife, {full}, by telegram and witnessed by {full}, R.N.",
    "Family physician, {full} of {city}, states pt. had a similar growth taken off the lip about ten years ago.",
    "She moved here from {city} and her earlier Paps, which we have not seen, were done at {institution}.",
    'Received fresh, labeled "{listed}, right colon", is a 31 cm segment of bowel with attached mesentery.',
    'Container A is marked with the patient\'s name ({full}) and medical record number ({mrn}) and "antral bx".',
    (
        "The specimen jar bears the name {listed} whereas the requisition reads {listed}; the "
        "discrepancy was resolved with the OR before processing."
    ),
    (
        'Rec\'d in formalin in a bottle labelled only "{full}" is a tan, irregular piece of soft tissue '
        "measuring 1.2 x 0.8 x 0.4 cm."
    ),
    (
        "The pacemaker generator is engraved with serial number {device} and is retained in the "
        "department safe for thirty days."
    ),
    (
        "Also in the pan is a metal and polyethylene hip component, S/N {device}, photographed and given "
        "to {full} of Risk Management."
    ),
    "Slides rec'd from {institution}, labelled {accession}, eleven in number, with accompanying paraffin blocks.",
    (
        "Submitted for review: 4 H&E slides and 1 block, each numbered {accession}, together with a copy "
        "of the report signed by {full}."
    ),
    (
        "Gross taken over from {full} (PGY-2), who was called to a frozen; cassettes 7 through 12 put "
        "through by {initials}."
    ),
    "Cassettes bear {tail} only, the prefix of {accession} having washed off in the processor.",
    "Wet tissue from {accession} was pulled and four more sections were put in as {tail}-E through {tail}-H.",
    "Specimen oriented in the suite with {full}, MD, long stitch lateral, short stitch superior.",
    'The wristband enclosed with the leg reads "{listed}  {mrn}  {date}".',
    "FS dx phoned into Room 3 and read back by {full}, RN; the slide was shown to Drs. {last} and {last}.",
    "Result called to {full} in the recovery area, who repeated it correctly, {date}.",
    "Left word with the answering service for Dr. {last} at {phone}; call returned by {full}, N.P.",
    (
        "Unable to raise the surgeon on beeper {pager}; house officer {full} was given the preliminary "
        "impression instead."
    ),
    "Dr. {last} (pgr {pager}) made aware of the unexpected carcinoma and will contact the family.",
    "The above was faxed to {fax}, attention {full}, at the request of the {city} office.",
    "A secure message was sent to {email} on {date} and was acknowledged the same afternoon.",
    (
        "Scanned slides can be looked at under {url} by anyone on the tumor board list; requests for "
        "access go to {email}."
    ),
    "Whole-slide images were pushed to the server at {ip} and opened there by {full}.",
    "Report suppressed at workstation {ip} by user {initials} pending correction of the demographics.",
    "Comparison with the earlier needle biopsy ({accession}, {date}) shows the same cribriform pattern.",
    "I have shown this case to {full} and {full}, and both favor a reactive process.",
    "Sections were sent to {full} at {institution}, whose opinion is quoted in full below.",
    'Prof. {last} writes: "I would regard this as an atypical Spitz tumor and would re-excise."',
    "Reviewed at intradepartmental conference ({full}, {full}, {full}), with agreement on the diagnosis.",
    "ER and PR were run at {institution} (CLIA {clia}) under their number {accession}.",
    (
        "Flow cytometry, performed by the reference laboratory (CLIA no. {clia}, director {full}), found "
        "a kappa-restricted B-cell population."
    ),
    (
        "It is noted that the nodes of {accession} were negative; on recut, however, {tail}-C shows a "
        "single subcapsular focus."
    ),
    "Deeper levels were asked for by Dr. {last} and do not alter the impression.",
    "Thanks to Dr. {last} for letting us see this most interesting lesion.",
    "At {oldage} years of age the patient is not felt to be a candidate for a completion colectomy.",
    "Correlation with the films taken at {institution} on {date} is advised, and {full} in Radiology concurs.",
    (
        "The bone marrow clot was compared side by side with that of {date} by {full}, who sees no "
        "change in cellularity."
    ),
    "Gleason grade was assigned jointly with {full} over the double-headed scope.",
    "ADDENDUM {date}: Blocks forwarded to {institution} per written request of {full}.",
    (
        "Amended because the first version, released {date}, carried the name {listed} in error; the "
        "tissue is that of {listed}."
    ),
    "This report replaces {accession}, which was entered under the wrong hospital number ({mrn}).",
    "Note: patient formerly registered as {listed}, unit no. {mrn}; the two charts have since been merged.",
    "Chart lists Social Security number {ssn}, which agrees with that given by the referring office.",
    "The insurance card on file (member {plan}) belongs to the husband, {full}, whose SS# is {ssn}.",
    (
        "Prior authorization for the 21-gene assay was refused by the carrier, subscriber no. {plan}; "
        "{full} has filed an appeal."
    ),
    "Charges for the recuts are to be moved to account {account} at the direction of {full} in Patient Accounts.",
    "Send all slides back to {institution}, {street}, {city}, NJ {zip}, in care of the histology supervisor.",
    "The kit was mailed to the patient at {street}, {city} {zip}, and came back undeliverable.",
    "Please direct inquiries to the office of {full}, telephone {phone}, fax {fax}.",
    "Ordering practitioner could not be verified: NPI {npi} belongs to {full}, who has left the {city} group.",
    "Dermatology requisition signed by {full}, N.P., license {licence}, for her supervising physician, Dr. {last}.",
    (
        "Outside consult requested by {full} ({institution}), received by overnight courier {date}, "
        "their ref. {accession}."
    ),
    "Pt. requested that a copy go to her brother-in-law, {full}, M.D., of {city}.",
    "Chain of custody: bullet released to Det. {last} on {date}, receipt countersigned by {full}.",
    (
        "Dr. {last}'s note of {date} mentions that a shave from the same site was handled by a "
        "dermatopathology group in {city}."
    ),
    "Seen in the pre-op holding area by {full}, CRNA, and marked by Dr. {last}.",
    "Explant history: device no. {device} was put in at {institution} on {date} by {full}.",
    "Specimen identity confirmed with {full} in Same Day Surgery, who located the log entry for {listed}.",
    "Case presented by {full} at the {city} breast conference on {date}; consensus was for radiation alone.",
)
SIGNATURES = (
    "{full}, M.D.     Pathologist     {date}",
    "/es/ {full}, MD\tSigned {date}",
    "{full}, M.D./{initials}",
    "Dictated by: {full}, M.D.     Typed by: {initials}     {date}",
    "** REPORT SIGNATURE ON FILE {date} **     {listed}",
    "Electronically authenticated: {listed}, MD, on {date}",
    "Signed out by {full}, D.O., for {full}, M.D. (on leave)",
    "I have personally examined the slides and edited the resident's draft.  {full}, M.D., Attending",
    "Resident: {full}, M.D.          Staff: {full}, M.D.",
    "cc: {full}, M.D.; Tumor Registry; {full}, M.D., {city}",
    "cc  Dr. {last} (Surgery), Dr. {last} (Oncology), chart",
    "Interpreted at {institution}, {street}, {city}, IL {zip}.  CLIA {clia}",
    "Professional component: {full}, MD, {institution}; technical component: CLIA #{clia}",
    "{full}, CT(ASCP), Cytotechnologist     Rescreened: {full}, SCT(ASCP)",
    "GROSS: {full}, PA(ASCP)     MICRO: {full}, M.D.     TRANSCR: {initials}",
    "Chief of Laboratory Service, {institution}     {full}, M.D.",
    "Respectfully submitted,     {full}, M.D., F.C.A.P.     {institution}",
    "Yours sincerely,     {full}, M.D.     Tel. {phone}     Fax {fax}",
    "Verified {date} by {listed}     Lic {licence}     NPI {npi}",
    "{full}, MD     State license no. {licence}     {date}",
    "Signing pathologist pager {pager}     {full}, MD     {accession}",
    "{accession}     {listed}     FINAL     Released by {initials} {date}",
    "Consultant: {full}, M.D., Dept. of Dermatology, {institution}",
    "{full}, M.D., Ph.D. | {email} | {phone}",
    "Amended report e-signed by {full} {date}; original e-signed by {full} {date}",
    "Frozen section: {full}, M.D.     Permanent sections: {full}, M.D.     Reviewer: Dr. {last}",
    "Deputy Medical Examiner: {full}, M.D.     Case {accession}     Certified {date}",
    "PATHOLOGIST (SIGNATURE) {full}          REPORTED {date}          SECY {initials}",
    "QA review: concur.  {full}, MD     {date}     ref {tail}",
    "Dict. but not read: {full}, M.D., {institution}",
    "Report prepared by {full}, M.D., for the {city} Pathology Group, P.C., {phone}",
    "Signed: {listed}, M.D.  Billing acct {account}  Rendering NPI {npi}",
    "Printed from {url} by {initials} on {date}",
    "Addendum electronically signed {date}, {listed}, from workstation {ip}",
    "Teaching physician attestation entered by {listed} ({date}), {institution}",
    "Copies mailed {date}: {full}, M.D., {street}, {city}; {institution} Record Room",
    "Called by {full}, M.D. to {full}, M.D.     {date}     {initials}",
)
SURNAMES = """
Thackston Braddy Quarterman Hathcock Pettigrew Swafford McQuiston O'Dwyer MacIlroy Gallivan Tierney Shumate
Vandersloot Dykema Roosma Whitcraft Abernethy Prudhomme Cadwell Twombly Satterlee Applewhite Ballengee Boudreau
LeJeune Levesque Guidry Schlabach Hostetler Krueger Dietzel Oberholtzer Lindquist Engebretson Tollefson Brandvold
Nordahl Schroeder Wunderlich Eichelberger Wojtkowiak Kaczmarczyk Hrabovsky Petrosky Svoboda Kovalchuk Milosevich
Juskevicius Szabados Nemeth Zdanowicz Lysenko DiBenedetto Scarpelli Iannuzzi Mastroianni Tedesco Giacalone Karras
Furtado Ocampo Saldivar Montalvo Baez-Rivera Urrutia Casillas Ybarra Feinstein Shapira Hagopian Bedrosian Al-Masri
Barakat Demirci Gill-Sandhu Tran-Lopez Huang Zhao Ng Yoo Hwangbo Takemoto Fujikawa Batungbacal Kealoha Sukhothai
Woldemariam Benally
"""
GIVEN = """
Harvey Maxine Wilma Irene Lyle Leland Alvin Murray Gilbert Tiffany Kayla Brittany Dustin Cody Lindsay Travis DeShawn
Monique Ebony Terrell Rocio Maricela Heriberto Declan Moira Giuseppe Concetta Dimitrios Evangelia Vladimir Ilona
Gunnar Anjali Farhana Imran Harpreet Kavitha Suresh Xiaoming Hyun-Jung Kenji Quang Noriko Benigno Abebe Nizhoni
Yitzhak Rivka Arpine Nasrin Khalil Samira Jean-Marc Solange Huldah Ezra
"""
TOWNS = """
Marlow Tuscarilla Penhallow Osseogee Brixford Wanatchee Elmsport Kittaquan Lakemont Fennimore Hartsboro Coldwater
Navasqua Perkinsburg Bellavista Tamarock Quillayde Shawmont Alderton Crestline Ishpenaw Mahoska Rosendale Winnesock
Poughkeel Saugatine Granville Eddyville Ottawanna Clarendale Millinport Vandergrove Harrodstown Chillicote
Zanesfield Bluffdale Catawissa Lomaverde Escondria Thibodale Opelonsa Natchequa Wetumka Skokomah Puyalla Dwyersburg
Ashtabel Kearnstown Tuckahannock Yellville Monteagle Graniteburg
"""
INSTITUTIONS = (
    "{} Community Medical Center",
    "Greater {} Regional Health System",
    "{} County General",
    "University Hospital at {}",
    "{} Clinic, P.A.",
    "{} Pathology Associates, Inc.",
    "Our Lady of Solace Hospital, {}",
    "{} Baptist Hospital",
    "Mercy Hospital of {}",
    "{} Deaconess",
    "{} Surgical Center, LLC",
    "{} Urologic Group",
    "The {} Endoscopy Suite",
    "{} Valley Hospital District",
    "{} Women's Health Associates",
    "{} State Hospital",
    "{} Methodist Hosp.",
    "{} Cytology Service",
    "Sisters of Charity Hospital, {}",
    "{} Gastroenterology Consultants, P.C.",
    "{} Jewish Hospital",
    "{} Medical College",
)
STREETS = (
    "S. {} St.",
    "{} Pike",
    "West {} Road",
    "{} Turnpike",
    "East {} Drive",
    "N.W. {} Ave.",
    "Southeast {} Court",
    "{} Ferry Road",
    "Upper {} Road",
    "E {} Blvd",
    "{} Hollow Rd",
    "{} Mill Lane",
)
ACCESSIONS = (
    "S##-#####",
    "SP-##-####",
    "##-S-####",
    "@@##-#####",
    "##:S#####",
    "S-##-####",
    "##SP######",
    "US##-####",
    "@@@##-#####",
    "A-##-###",
    "HS-##-#####",
    "@##-####",
    "##:@@#######",
    "NG-##-#####",
    "####:SP:#####",
    "SU-##-######",
)
PHONES = (
    "(5##) 555-####",
    "###-555-####",
    "#-###-555-####",
    "###/555-####",
    "### 555 ####",
    "555-####",
    "(###)555-####",
    "###.555.####",
    "1-8##-555-####",
    "(###) 555-#### x###",
    "###-555-####, ext. ####",
    "A/C ### 555-####",
    "+1 ### 555 ####",
)

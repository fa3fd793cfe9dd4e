"""The twelfth set: of a writer who knew neither the rules nor another set; held out.

Whoever changes the rules does not read this file nor what is missed of it: only its counts are known.
"""

HEADERS = (
    "{institution}     DEPARTMENT OF PATHOLOGY & LABORATORY MEDICINE     CLIA # {clia}",
    "PATIENT: {listed}     PATH #: {accession}     COLLECTED: {date}",
    "Patient Name: {listed} | MRN: {mrn} | Case: {accession}",
    "Name: {full}\tDOB: {date}\tAge: {age}\tSex: F",
    "Pt. {listed}    Unit No. {mrn}    Surg. Path. No. {accession}    Rec'd {date}",
    "Taken: {date}   Received: {date}   Reported: {date}",
    "Submitting Phys.: {full}, M.D.     Client: {institution}     Tel: {phone}     Fax: {fax}",
    "OUTSIDE CONSULTATION  |  Our No. {accession}  |  Referring Lab: {institution}  |  Their No. {accession}",
    "Accession {accession}     Seq. {tail}     Patient {listed}     Pg 2 of 3",
    "Bill To: {institution}   Acct: {account}   Subscriber ID: {plan}",
    "Guarantor: {full} | SSN: {ssn} | Policy/Member #: {plan} | Phone: {phone}",
    "HOME ADDRESS: {street}, {city}  ZIP {zip}     PH: {phone}",
    "Ordering Provider: {listed} MD     NPI: {npi}     State Lic. {licence}",
    "Fin/Encounter #: {account}\tHosp. #: {mrn}\tAdm: {date}\tDisch: {date}",
    "AGE/SEX: {age}/M     LOC: 7 WEST     ATTEND: {listed}     SPEC #: {accession}",
    "Laboratory Director: {full}, MD, PhD | {institution} | CLIA {clia} | NPI {npi}",
    "{institution} Reference Services     {street}, {city} {zip}     Customer Service {phone}",
    "Religion: {field}     Next of Kin: {listed}     Tel. (home) {phone}",
    "Occupation: {field} | Employer phone: {phone} | Pt SS#: {ssn}",
    "TUMOR BOARD WORKLIST  {date}     Presenter: {full}     Pager {pager}",
    "Citizenship: {field}\tPreferred language: {field}\tInterpreter: {full}",
    "REQUESTING SURGEON: {listed}   BEEPER: {pager}   FAX: {fax}   E-MAIL: {email}",
    "ADDENDUM REPORT     {accession}     {listed}     Addendum issued {date}",
    "cc: {full} MD ({institution}); {full} DO, {city}; Tumor Registry",
    "*** AMENDED ***   Case No: {accession}   Patient: {full}   Orig. sign-out: {date}",
    "Scanner S/N: {device}     Slide ID: {accession}     Viewer: {url}",
    "Printed {date} from {ip} by user {initials}     {institution} LIS     Copy to chart",
    "Patient Loc: SDS    Procedure Date: {date}    Service: Thoracic    Resident: {listed} (pgr {pager})",
    "TRANSFER FROM: {institution}  |  Outside MRN: {mrn}  |  Accepting MD: {full}",
    "Results portal: {url}     Questions: {email} or {phone}",
    "DOB {date}   AGE {age}   HAR {account}   Ins: Medicare   HIC/MBI {plan}",
    "Race/Ethnicity: {field}     Spouse: {listed}     Emergency contact no.: {phone}",
    "Biobank consent signed: {date}     Study coordinator: {full}     Subject chart # {mrn}",
    "Block(s) requested from: {institution}, {street}, {city}     FedEx acct {account}     Date out {date}",
    "Station: {ip}    Stainer serial: {device}    Tech: {initials}    Run date: {date}",
    "MED EXAMINER REFERRAL     Vehicle VIN: {vin}     Decedent: {listed}     Case {accession}",
    "Implant explant form | Device SN {device} | Implanted {date} | Explanted {date} | Surgeon {full}",
    "DR. {last}'s OFFICE     {street}     {city}     Ph {phone} / Fx {fax}",
    "Birthplace: {field}     Mother's maiden name: {listed}     Pt. Type: OP     Med Rec {mrn}",
    (
        "CYTOGENETICS REF. LAB: {institution}     Ref Lab Accn: {accession}     Host Lab Accn: "
        "{accession}     Rcvd: {date}"
    ),
    "Pathologist of record: {full}    Dictated by: {full}    Typed: {initials} {date}",
    "MVA claim file: VIN {vin}   Claimant: {full}   Health plan #: {plan}   Loss date: {date}",
    "Page: 3   {listed}   {mrn}   {accession}   (continued)",
    "Path Assistant: {full}, PA(ASCP) | Grossed: {date} | Bench initials: {initials}",
    "Tribal affiliation: {field}   County/City of residence: {city}   Postal code: {zip}",
    "PROVIDER LICENSE NO. {licence}     PROVIDER NPI {npi}     PROVIDER: {full}, D.O.",
)
BODIES = (
    "Case discussed with {full} over the intercom while the patient was still under anesthesia.",
    "Frozen section diagnosis read back by Dr. {last} in OR 11 prior to closure.",
    (
        "Received from {institution} are fourteen (14) H&E slides, each labeled {accession}, with an "
        "accompanying report dated {date}."
    ),
    (
        "Two recut slides and one paraffin block stamped {accession} are returned herewith to "
        "{institution} per their request."
    ),
    "The outside slides carry the number {accession}; blocks {tail}-A through {tail}-F were not sent.",
    (
        "The patient is a {oldage}-year-old retired man transferred from {institution} on {date} with "
        "obstructive jaundice and a 3.1 cm pancreatic head mass."
    ),
    "This {oldage} y/o woman, a nursing home resident in {city}, presented with postmenopausal bleeding.",
    (
        "Compared side by side with the prior core biopsy ({accession}, {date}), the current tumor shows "
        "a higher mitotic rate and loss of ER expression."
    ),
    "Per {full}'s clinic note of {date}, the lesion had been treated with liquid nitrogen twice before excision.",
    (
        'Received fresh in a container labeled "{listed}, right breast, stitch = axillary tail" is a 212 '
        "g mastectomy specimen."
    ),
    (
        "The specimen jar bears the name {full} while the requisition reads {listed}; the OR nurse was "
        "notified and the discrepancy was resolved before accessioning."
    ),
    (
        "Specimen A is labelled with the patient's name, medical record number {mrn}, and \"gastric "
        'antrum", and consists of three tan fragments, 0.2 to 0.4 cm.'
    ),
    (
        "Intradepartmental consultation: Dr. {last} has reviewed slides A3 and A7 and concurs with the "
        "above interpretation."
    ),
    "These findings were communicated to {full}, NP, by telephone ({phone}) on {date}, with read-back.",
    "Message left with the answering service for Dr. {last} at {phone}; preliminary report faxed to {fax}.",
    (
        "Dr. {last} was paged ({pager}) regarding the unexpected granulomas but had not called back at "
        "the time of this dictation."
    ),
    "Pt followed by {full} at the {city} satellite clinic since {date} for MGUS, now w/ rising light chains.",
    "Consultation requested by {full}, M.D., {institution}, {street}, {city}, {zip}.",
    "We thank {full} for sharing this difficult case and would welcome follow-up by e-mail at {email}.",
    "ADDENDUM ({date}): EGFR exon 19 deletion detected; testing performed at {institution} (CLIA {clia}).",
    (
        "Addendum is issued to correct the laterality in part B, as requested by Dr. {last} on {date}; "
        "the diagnosis is unchanged."
    ),
    "Tumor board recommendation ({date}): neoadjuvant chemotherapy, then re-image; {full} to arrange port placement.",
    (
        "Presented at multidisciplinary sarcoma conference on {date} by Dr. {last} and Dr. {last}; "
        "consensus was for re-excision of the deep margin."
    ),
    (
        "Tissue was procured for the biorepository under signed consent witnessed by {full} on {date}, "
        "and the remaining specimen was submitted for diagnosis."
    ),
    (
        "Consent for research use of residual tissue was withdrawn by the patient's daughter, {full}, in "
        "a letter received {date}."
    ),
    "A portion of viable tumor was given to {full} from the research core (ext. via {phone}) before fixation.",
    "Clinical photographs and whole slide images may be viewed at {url} with the study log-in.",
    (
        "Whole slide images were pulled from the server at {ip} and reviewed remotely by {full} owing to "
        "the weather closure."
    ),
    (
        "The report was inadvertently transmitted to printer {ip} at {institution}; the privacy office "
        "was informed on {date}."
    ),
    (
        "The explanted pacemaker generator is engraved with serial number {device} and measures 5.2 x "
        "4.8 x 0.7 cm; gross only."
    ),
    (
        "Received is a metal-on-polyethylene hip prosthesis, S/N {device}, with adherent tan membrane "
        "submitted in cassette C1."
    ),
    "Decedent was the restrained driver of a sedan (VIN {vin}) that left the roadway near {city} on {date}.",
    (
        "Paint chips recovered from the wound track are retained with the chain-of-custody form for the "
        "vehicle, VIN {vin}."
    ),
    (
        "Billing inquiry: charges for the deeper levels were moved to account {account} after the "
        "duplicate registration was merged."
    ),
    (
        "Records under MRN {mrn} and {mrn} belong to the same individual, who was registered once as "
        "{listed} and once under her maiden name."
    ),
    (
        "The insurance carrier denied the 21-gene assay under member ID {plan}; Dr. {last} has been "
        "asked to provide a letter of medical necessity."
    ),
    (
        "Requisition shows health plan no. {plan}, but no diagnosis code, and {full} in the billing "
        "office was contacted."
    ),
    "The social security number on the outside requisition ({ssn}) differs from that in our registration system.",
    "Identity of the donor was verified by SSN {ssn} and date of birth {date} before release of the blocks.",
    (
        "Mr. {last} had a left upper lobectomy at {institution} in the past; those slides ({accession}) "
        "were requested but had been discarded."
    ),
    "Mrs. {last} is now {oldage} and declined axillary surgery.",
    "According to the referring letter by {full}, the mass was first felt by the patient on {date} while showering.",
    "Pt is s/p lap chole by {full} at {institution} on {date}; margin of cystic duct called positive there.",
    "Hx: 2nd opinion on bx done at {institution}, read locally by {full} as atypical lobular proliferation.",
    (
        "Material from {institution} was hand-carried by the patient's husband, {full}, and arrived with "
        "one slide broken."
    ),
    (
        "The kidney was procured at {institution} in {city} and placed on pump; back-table wedge biopsy "
        "shows 8% globally sclerotic glomeruli (n = 96)."
    ),
    (
        "Flow cytometry on the same aspirate, reported separately as {accession}, identified a "
        "CD5-negative, CD10-negative kappa-restricted B-cell population."
    ),
    "See also concurrent cytology {accession} and bone marrow {accession}.",
    (
        "Please refer to {accession} for the original colectomy; the levels on block {tail}-9 have been "
        "re-examined and remain negative."
    ),
    (
        "NOTE: Slides of {accession} (part {tail} only) were mailed to {institution} on {date} at the "
        "family's request and have not come back."
    ),
    "Immunostains were repeated at {institution} because the in-house p40 control failed on {date}.",
    (
        "Peer review of this case prior to conference by {full} ({initials}) resulted in a minor "
        "disagreement regarding grade."
    ),
    (
        "Grossing was begun by {initials} and completed the following morning after overnight fixation; "
        "ink code as above."
    ),
    (
        "The patient, who lives at {street} in {city}, was exposed to asbestos in the shipyard for most "
        "of his working life."
    ),
    "Social history: lives alone in {city}, quit tobacco about twenty years ago.",
    "Family declined autopsy of the head on religious grounds, and the chaplain, Rev. {last}, was present.",
    "Permission for a chest-only autopsy was obtained over the phone from the son, {full}, at {phone}.",
    "Placenta of a G3P2 mother, {full}, delivered by Dr. {last} on {date} at 34 weeks for severe features.",
    (
        "Skin punch obtained by {full}, PA-C, in {city}; clinical impression r/o bullous pemphigoid in a "
        "{oldage}-yr-old on dialysis."
    ),
    "Send any additional unstained slides to the attention of {full}, {street}, {city} {zip}, by overnight courier.",
    "Return postage for the blocks is to be addressed to Prof. {last}, {institution}, {zip}.",
    "The clinician's signature on the form is illegible; the stamped license number {licence} belongs to {full}.",
    "The order was entered under NPI {npi}, which corresponds to Dr. {last} rather than to the operating surgeon.",
    "A corrected requisition with prescriber license {licence} was received by fax from {fax} on {date}.",
    "On-site adequacy was assessed by {full}, CT(ASCP), who told Dr. {last} that pass 3 was diagnostic.",
    (
        "The hysterectomy of {date} ({accession}) was reviewed at the request of Dr. {last}, who is "
        "concerned about recurrence at the vaginal cuff."
    ),
    "Contributor's diagnosis ({full}, {institution}): spindle cell neoplasm, favor smooth muscle origin.",
    (
        "I have shown this case to Dr. {last} in soft tissue pathology and to {full}, our fellow, both "
        "of whom favor a reactive process."
    ),
    "Ms. {last} was informed of the BRCA2 result by genetic counselor {full} on {date}.",
    (
        "The interface dropped this result on {date}; a paper copy was walked to Dr. {last}'s mailbox "
        "and e-mailed to {email}."
    ),
    "Cell block material was insufficient for PD-L1, and this was relayed via secure chat to {full} (pager {pager}).",
    (
        "NGS report is appended as a scanned document and is also available at {url} under the outside "
        "accession {accession}."
    ),
    "Assay validated by {institution}, CLIA certificate {clia}, and not cleared by the FDA.",
    "Previous surgical pathology: {accession} ({date}), tubular adenoma; {accession} ({date}), hyperplastic polyp.",
    "Bone marrow bx performed at bedside by {full} (heme fellow), L iliac crest, 1.4 cm core, day +28 post allo.",
    "EUS/FNA by Dr. {last}, pt known to {institution} for IPMN surveillance, last MRI {date}.",
    "Patient moved here from {city} after retiring and brought a CD of images from {institution}.",
    "The deceased was found by a neighbor, {full}, and was last known alive on {date}.",
)
SIGNATURES = (
    "{full}, M.D.\t(Electronic signature)\tVerified: {date}",
    "***Electronically Signed Out By {full}, MD, PhD***     {date}",
    "Report signed by: {listed}, DO  |  {institution}  |  {date}",
    "Attending pathologist: {full}    Pager: {pager}    Office: {phone}",
    "I, {full}, the teaching physician, have personally examined the slides and edited the resident's draft.",
    "Reviewed & released by Dr. {last}, covering for Dr. {last}",
    "Gross dictated by {full}, PA(ASCP); transcribed {initials} {date}",
    "Addendum #2 electronically authenticated {date} by {full}",
    "Signed: {full}   State license: {licence}   NPI: {npi}",
    "Professional component performed at {institution}, {street}, {city} {zip}   CLIA: {clia}",
    "Technical component: {institution} (CLIA No. {clia}), Medical Director {full}, M.D.",
    "cc:  {full}, M.D.  -  {institution}  -  Fax {fax}",
    "Consultant: {full}, MB BCh, FCAP, Professor of Pathology, {institution}",
    "With kind regards,  {full}, M.D.  {email}  {phone}",
    "Case {accession} finalized {date}; released to {url}",
    "END OF REPORT   {listed}   {accession}   {mrn}",
    "Final Diagnosis by {full} MD, Hematopathology, Ph. {phone}, Fx. {fax}",
    "rpt prelim'd {date} {initials}; final {date} {initials}",
    "Cytotechnologist: {full}, SCT(ASCP)   Screened {date}   QC by {initials}",
    "Molecular interpretation: {full}, Ph.D., FACMG     lic. {licence}",
    "Digital signature token issued to {full} from workstation {ip}",
    "Amended report e-signed by {listed} on {date} (supersedes {accession} of {date})",
    "Tumor board coordinator: {full}, RN, {email}",
    "Copies mailed: Dr. {last}, {street}, {city}; Dr. {last}, {institution}",
    "Fellow: {full} (beeper {pager})  ||  Faculty: {full}",
    "Consultation fee billed to acct. {account}, {institution}",
    "Certified true copy of {accession}, block {tail} series, by custodian of records {full}, {date}",
    "Slides returned {date} to {institution}, attn. {full}, histology supervisor",
    "Second pathologist (required for new malignancy): {full}     {date}",
    "Prosector {full}; Autopsy Service Director {full}; signed {date}",
    "_____________________  {full}, M.D., Chief, Anatomic Pathology, {institution}",
    "Frozen section pathologist: Dr. {last}     Permanent sections: Dr. {last}",
    "Scanned by {initials}, scanner SN {device}; interpreted remotely by {full}, NPI {npi}",
    "Called to: {full}, RN     By: {initials}     On: {date}     Tel: {phone}",
    "Research release approved by {full}, IRB liaison, {institution}, {date}",
)
SURNAMES = """
Alcantara Atherton Bancroft Barrientos Baskaran Beauchamp Bergstrom Birnbaum Boguslaw Bongiovanni Buchholz Caballero
Callaghan Cifuentes Cieslak Colquhoun Cornelissen Dalgaard DeAngelis Djokovich Drozdov Dziedzic Egbuna Eklund
Elshafei Engelhardt Fagbemi Fairbairn Featherstone Fonoti Fujimoto Gallardo Gunasekera Gutierrez Hamidi Hasegawa
Heffernan Hernandez-Ruiz Hrdlicka Ihejirika Jablonski Jankowiak Kalanithi Khachaturian Kieffer Kuznetsova Leblanc
Lozano Manukyan McGonigle Melnychuk Mendonca Nez Nieuwenhuis Paananen Palaniappan Pasternak Phommachanh Quisenberry
Skarsgard Ssemakula St.-Amant Tchaikovskaya Tomlinson Trevino Tuimavave Ulibarri Unterberger Velasquez Vongsavanh
Wachowski Waddington Wierzbicki Yamashiro Yilmaz Zelenko Zubiri van_der_Linden de_la_Fuente Ben-Shalom
"""
GIVEN = """
Alfonso Annelise Anton Augustus Benedict Bogdan Brigitte Caitlin Carmelita Cassandra Cordelia Cyrus Desmond Dorothea
Duc Ebenezer Elijah Ezekiel Farah Francesca Franklin Genevieve Gretchen Hannelore Henrietta Ibrahim Imogen Isidro
Jagdish Lamar Nikolaos Ophelia Oswald Padma Patrice Prakash Priscilla Sadie Solomon Winston Zainab
"""
TOWNS = """
Alderbrook Ashquin Belhaven Bexley Brantmoor Calverton Cardell Chetwynd Coldbrook Corrigan Eastonville Elkhurst
Fallingate Fernleigh Glenburnie Hadleyburg Hazelmere Holbrook Inverloch Kellsboro Kenwick Kittredge Lanesboro
Larkmont Lockhaven Marlowe Melrath Millbury Mossgrove Pequannet Pinehollow Quillan Ravensmoor Redfern Rockmere
Sagamont Saltillo Shelbyton Tamarell Tecuma Tolvane Umbarger Valdora Wapakonee Westerlo Windermoor Wynnfield Yarmond
Zellwood
"""
INSTITUTIONS = (
    "University of {} Health Sciences Center",
    "{} County General Hospital",
    "{} Baptist Health",
    "St. Luke's of {}",
    "Mercy Hospital {}",
    "{} State University Hospitals",
    "{} Eye and Ear Infirmary",
    "Presbyterian Hospital of {}",
    "{} Transplant Institute",
    "{} Health System",
    "{} Valley Medical Center",
    "{} Genomics Laboratory",
    "{} School of Medicine",
    "Sacred Heart Medical Center - {}",
    "{} Veterans Home and Hospital",
    "{} Oncology Group",
    "{} Endoscopy Associates",
    "{} Medical Examiner's Office",
    "{} Tumor Institute",
)
STREETS = (
    "South {} Street",
    "W {} St",
    "SW {} Terrace",
    "{} Hill Road",
    "{} Medical Plaza",
    "West {} Pkwy",
    "N.E. {} Place",
    "East {} Highway",
)
ACCESSIONS = (
    "S##-#####",
    "SP-##-######",
    "@@S-##-####",
    "##-@@-#####",
    "S-####-##",
    "@##-####",
    "CN##-#####",
    "##:S#####@",
    "OS####-#####",
    "SU-##-#####",
    "NG##-####",
    "###-@@-##-####",
    "MS-##-@#####",
    "##S-###SP#####",
    "BM##-###",
    "C######-##",
    "H##.#####",
)
PHONES = (
    "(5##) 555-####",
    "5##-555-####",
    "5##.555.####",
    "1-8##-555-####",
    "555-####",
    "(7##)555-####",
    "+1 4## 555 ####",
    "6##/555-####",
    "(3##) 555-#### x####",
    "9## 555 ####",
    "555-#### ext. ###",
    "1 (8##) 555-####",
    "2## - 555 - ####",
    "7##555####",
)

import pytest

from extractor.exports.reconciliation.linking import Kind, Said

from .conftest import HUNG, crowd, subject

BOOK = {"name": "NGUYỄN VĂN HÙNG", "birth": "03.02.1985", "sex": "1"}
PARENTS = {"mother_name": "Trần Thị Lan", "father_name": "Nguyễn Văn Bình"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "Nguyễn Văn Hung"},  # tone lost
        {"name": "Nguyễn Hùng"},  # middle name left out
        {"name": "Nguyễn Vău Hùng"},  # a letter misread
        {"birth": "02.03.1985"},  # day and month changed places
        {"birth": "03.02.1935"},  # a wrong digit
        {"birth": "1985"},  # only the year
        {"birth": "35 tuổi"},  # an age, registered in 2020
        {"mother_name": "Trần Thi Lạn", "father_name": ""},
    ],
)
def test_one_slip_still_finds_the_person(linked, changes):
    links, numbers = linked([HUNG], [subject(**{**BOOK, **PARENTS, **changes})])
    assert links[0].kind is Kind.LINKED
    assert numbers[links[0].candidates[0].person] == HUNG["identity"]


def test_somebody_who_is_not_there(linked):
    links, _ = linked([HUNG], [subject(name="Quách Thị Bưởi", birth="01.01.1999", mother_name="Bùi Thị Mít")])
    assert links[0].kind is Kind.ABSENT


def test_a_name_alone_is_no_answer(linked):
    same = [HUNG | {"identity": f"0790850000{n:02d}", "birth": f"{n:02d}/06/1985", "mother_name": ""} for n in (11, 12)]
    links, _ = linked(same, [subject(name="Nguyễn Văn Hùng", birth="1985")])
    assert links[0].kind is Kind.ALIKE
    assert len(links[0].candidates) == 2


def test_twin_of_somebody_missing_is_suspected(linked):
    twin = HUNG | {"name": "Nguyễn Thị Hằng", "sex": "Nữ"}
    links, _ = linked([twin], [subject(**BOOK, **PARENTS)])
    assert links[0].kind is Kind.TWIN


def test_twins_named_alike_but_for_a_tone_are_left_to_a_person(linked):
    twin = HUNG | {"identity": "079085000002", "name": "Nguyễn Văn Hưng"}
    links, _ = linked([HUNG, twin], [subject(1, **BOOK, **PARENTS)])
    assert links[0].kind is Kind.TWIN


def test_twins_who_are_both_there_are_told_apart(linked):
    twin = HUNG | {"identity": "079085000002", "name": "Nguyễn Văn Hoàng"}
    book = [subject(1, **BOOK, **PARENTS), subject(2, **{**BOOK, "name": "Nguyễn Văn Hoàng"}, **PARENTS)]
    links, numbers = linked([HUNG, twin], book)
    assert [numbers[links[n].candidates[0].person] for n in (0, 1)] == ["079085000001", "079085000002"]
    assert {links[n].kind for n in (0, 1)} == {Kind.LINKED}


def test_a_twin_whose_entry_went_to_the_other_record_is_not_found(linked):
    book = [subject(1, **BOOK, **PARENTS), subject(2, **{**BOOK, "name": "Nguyễn Thị Hằng", "sex": "2"}, **PARENTS)]
    links, _ = linked([HUNG], book)
    assert [links[n].kind for n in (0, 1)] == [Kind.LINKED, Kind.ABSENT]


def test_one_person_under_two_numbers(linked):
    links, _ = linked([HUNG, HUNG | {"identity": "079085000002"}], [subject(**BOOK, **PARENTS)])
    assert links[0].kind is Kind.DOUBLED_PERSON


def test_two_records_of_one_birth(linked):
    links, _ = linked([HUNG], [subject(1, **BOOK, **PARENTS), subject(2, **BOOK, **PARENTS)])
    assert {links[n].kind for n in (0, 1)} == {Kind.DOUBLED_RECORD}
    assert links[0].rivals == (1,)


def test_people_may_marry_twice(linked):
    twice = [subject(n, "KH.chong", **BOOK, spouse_name=wife) for n, wife in ((1, "Lê Thị Nga"), (2, "Bùi Thị Hà"))]
    links, _ = linked([HUNG], twice)
    assert {links[n].kind for n in (0, 1)} == {Kind.LINKED}


def test_a_number_that_stands_for_two_people_is_given_to_nobody(linked):
    links, _ = linked([HUNG, HUNG | {"name": "Lê Thị Khác", "birth": "01/01/1950"}], [subject(**BOOK, **PARENTS)])
    assert links[0].kind is Kind.CONTESTED


def test_identity_paper_of_former_days(linked):
    person = HUNG | {"old_identity": "270123456", "mother_name": "", "father_name": ""}
    links, _ = linked([person], [subject(1, "KT.nkt", name="Nguyễn Hùng", birth="1985", old_identity="270123456")])
    assert links[0].kind is Kind.LINKED


def test_an_officer_decides_between_two(linked):
    people = [HUNG, HUNG | {"identity": "079085000002"}]
    said = Said(same=frozenset({(0, "079085000002")}))
    links, numbers = linked(people, [subject(**BOOK, **PARENTS)], said)
    assert links[0].by_officer
    assert numbers[links[0].candidates[0].person] == "079085000002"
    links, numbers = linked(people, [subject(**BOOK, **PARENTS)], Said(other=frozenset({(0, "079085000002")})))
    assert (links[0].kind, numbers[links[0].candidates[0].person]) == (Kind.LINKED, "079085000001")


def test_an_officers_choice_that_left_the_extract_does_not_hide_others(linked):
    links, _ = linked([HUNG], [subject(**BOOK, **PARENTS)], Said(same=frozenset({(0, "079000000000")})))
    assert links[0].kind is Kind.LINKED
    assert not links[0].by_officer


def test_name_and_year_alone_never_link(linked):
    person = HUNG | {"birth": "1985", "mother_name": "", "father_name": ""}
    links, _ = linked([person], [subject(1, "KT.nkt", name="Nguyễn Văn Hùng", birth="1985")])
    assert links[0].kind is Kind.DOUBTFUL


def test_parents_in_each_others_place_are_found(linked):
    swapped = {"mother_name": PARENTS["father_name"], "father_name": PARENTS["mother_name"]}
    links, _ = linked([HUNG], [subject(**BOOK, **swapped)])
    assert links[0].kind is Kind.LINKED


def test_own_name_and_day_with_other_parents_is_never_not_found(linked):
    links, _ = linked([HUNG], [subject(**BOOK, mother_name="Bùi Thị Mít", father_name="Quách Văn Bưởi")])
    assert links[0].kind is Kind.DOUBTFUL


def test_contradicting_verdicts_are_left_to_a_person(linked):
    links, _ = linked([HUNG], [subject(**BOOK, **PARENTS)], Said(unsure=frozenset({(0, HUNG["identity"])})))
    assert links[0].kind is Kind.UNSETTLED


def test_ruling_out_a_number_that_stands_for_two_by_now_rules_out_nobody(linked):
    people = [HUNG, HUNG | {"name": "Nguyễn Văn Hoàng"}]
    links, _ = linked(people, [subject(**BOOK, **PARENTS)], Said(other=frozenset({(0, HUNG["identity"])})))
    assert links[0].kind not in (Kind.ABSENT, Kind.LINKED)


def test_the_same_family_under_quite_another_date_is_for_a_person(linked):
    links, _ = linked([HUNG], [subject(name="Nguyễn Văn Hùng", birth="17.11.1961", **PARENTS)])
    assert links[0].kind is Kind.DOUBTFUL


HOME = "xã Đông Thọ, huyện Yên Phong, tỉnh Bắc Ninh"
DEATH = {"name": "Nguyễn Văn Hùng", "birth": "1985", "sex": "1"}


def elsewhere(people):
    """The same people, living in other communes of another province."""
    communes = ("Xã Cầu Kè", "Xã Tam Ngãi", "Xã Phong Thạnh", "Xã Hùng Hòa")
    return [p | {"residence": f"{communes[n % 4]}, Tỉnh Vĩnh Long"} for n, p in enumerate(people)]


@pytest.mark.parametrize(
    "places",
    [
        {"residence": "Thôn 5, Xã Văn Môn, Tỉnh Bắc Ninh"},  # the same commune since 2025
        {"residence": "Xã Cầu Kè, Tỉnh Vĩnh Long", "origin": "Xã Văn Môn, Tỉnh Bắc Ninh"},  # moved, comes from there
    ],
)
def test_a_year_and_a_commune_of_another_name_find_the_dead(linked, places):
    person = HUNG | {"birth": "12/05/1985", "mother_name": "", "father_name": ""} | places
    book = subject(1, "KT.nkt", **DEATH, residence=HOME)
    links, _ = linked([person, *elsewhere(crowd())], [book], others=False)
    assert links[0].kind is Kind.LINKED


def test_where_everybody_lives_tells_nothing(linked):
    person = HUNG | {"birth": "12/05/1985", "residence": "Xã Văn Môn, Tỉnh Bắc Ninh"}

    def bits(others, **places):
        links, _ = linked([person, *others], [subject(1, "KT.nkt", **DEATH, **places)], others=False)
        return links[0].candidates[0].bits

    neighbours = [p | {"residence": person["residence"]} for p in crowd()]
    assert bits(elsewhere(crowd()), residence=HOME) > bits(elsewhere(crowd())) + 6
    assert bits(neighbours, residence=HOME) < bits(neighbours)


def test_a_frequent_name_is_not_rare_because_an_extract_has_it_once(linked):
    def bits(name):
        person = HUNG | {"name": name, "mother_name": "", "father_name": ""}
        book = subject(1, "KT.nkt", name=name, birth="03.02.1985")
        links, _ = linked([person, *crowd(3000)], [book], others=False)
        return links[0].candidates[0].bits

    assert bits("Nguyễn Thị Lan") < bits("Quách Thị Nhường") - 1


def test_kin_of_the_same_small_people_tell_less(linked):
    def bits(group):
        people = [
            HUNG | {"identity": f"0660850{n:05d}", "name": f"Điểu {given}", "mother_name": "Thị H'Đơm", "group": group}
            for n, given in enumerate(("Sĩ", "Thoan", "Brêu", "Krái"))
        ]
        links, _ = linked(people, [subject(name="Điểu Sĩ", birth="03.02.1985", mother_name="Thị H'Đơm")])
        return links[0].candidates[0].bits

    assert bits("M'Nông") < bits("") - 3


@pytest.mark.parametrize(
    ("person", "book", "kind"),
    [
        # one letter misread in a family name that has another form in the north (Hoàng)
        (
            {"name": "Huỳnh Thị Thu Cúc", "birth": "20/08/1968", "spouse_name": "Đặng Văn Bằng"},
            {"name": "HUỲNK THỊ THU CÚC", "birth": "20.08.1968", "spouse_name": "Đặng Văn Bằng"},
            Kind.LINKED,
        ),
        # an error in the family name, and only the year on one side
        (
            {"name": "Nguyễn Huy Bách", "birth": "1996"},
            {"name": "Ngnyễn Huy Bách", "birth": "20.07.1996"},
            Kind.DOUBTFUL,
        ),
        # the same paper and day under a name that was read quite wrongly
        (
            {"name": "Lê Văn Thử", "birth": "05/06/1970", "old_identity": "270123456"},
            {"name": "Bê Vẩn Tkứ", "birth": "05.06.1970", "old_identity": "270123456"},
            Kind.LINKED,
        ),
    ],
)
def test_errors_in_a_name_that_few_keys_survive(linked, person, book, kind):
    links, numbers = linked([HUNG | {"mother_name": "", "father_name": ""} | person], [subject(1, "KT.nkt", **book)])
    assert links[0].kind is kind
    assert numbers[links[0].candidates[0].person] == HUNG["identity"]


def test_names_of_one_word_and_of_signs_are_no_obstacle(linked):
    people = [HUNG, HUNG | {"identity": "079085000002", "name": "Thoan", "mother_name": "?", "father_name": "Y"}]
    links, numbers = linked(people, [subject(name="Thoan", birth="03.02.1985", mother_name="-")])
    assert numbers[links[0].candidates[0].person] == "079085000002"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.masking import find_personal, mask

PERSONAL = [
    ("0912345678", [("phone", "0912345678")]),
    ("0912 345 678", [("phone", "0912 345 678")]),
    ("0912.345.678", [("phone", "0912.345.678")]),
    ("0912-345-678", [("phone", "0912-345-678")]),
    ("09 12 34 56 78", [("phone", "09 12 34 56 78")]),
    ("+84912345678", [("phone", "+84912345678")]),
    ("+84 912 345 678", [("phone", "+84 912 345 678")]),
    ("(+84) 912 345 678", [("phone", "(+84) 912 345 678")]),
    ("(+84)912345678", [("phone", "(+84)912345678")]),
    ("84912345678", [("phone", "84912345678")]),
    ("84 912 345 678", [("phone", "84 912 345 678")]),
    ("84.912.345.678", [("phone", "84.912.345.678")]),
    ("0225 3842 123", [("phone", "0225 3842 123")]),
    ("0225.3.842.123", [("phone", "0225.3.842.123")]),
    ("(0225) 3842123", [("phone", "(0225) 3842123")]),
    ("(024) 3942 1234", [("phone", "(024) 3942 1234")]),
    ("02253842123", [("phone", "02253842123")]),
    ("0313842123", [("phone", "0313842123")]),
    ("01234567890", [("phone", "01234567890")]),
    ("sđt0900 000 000,", [("phone", "0900 000 000")]),
    ("0912 345 678 24 tuổi", [("phone", "0912 345 678")]),
    ("0912 345 678 5 người", [("phone", "0912 345 678")]),
    ("0912345678 0987654321", [("phone", "0912345678"), ("phone", "0987654321")]),
    ("0912345678/0987654321", [("phone", "0912345678"), ("phone", "0987654321")]),
    ("０９１２３４５６７８", [("phone", "０９１２３４５６７８")]),
    ("031234567", [("identity", "031234567")]),
    ("031 234 567", [("identity", "031 234 567")]),
    ("123456789", [("identity", "123456789")]),
    ("031200012345", [("identity", "031200012345")]),
    ("0312 0001 2345", [("identity", "0312 0001 2345")]),
    ("031 200 123456", [("identity", "031 200 123456")]),
    ("cmnd: 123.456.789", [("identity", "123.456.789")]),
    ("CCCD số 031 2 00 012345", [("identity", "031 2 00 012345")]),
    ("a.b@gmail.com", [("email", "a.b@gmail.com")]),
    ("a @ gmail.com", [("email", "a @ gmail.com")]),
    ("ab (at) gmail.com", [("email", "ab (at) gmail.com")]),
    ("ab[at]gmail dot com", [("email", "ab[at]gmail dot com")]),
    ("ab@yahoo.com.vn.", [("email", "ab@yahoo.com.vn")]),
    ("ab a còng gmail chấm com", [("email", "ab a còng gmail chấm com")]),
    ("ab@gmail", [("email", "ab@gmail")]),
    ("O912345678", [("phone", "O912345678")]),
    ("0 9 1 2 3 4 5 6 7 8", [("phone", "0 9 1 2 3 4 5 6 7 8")]),
    (
        "0\ufe0f\u20e39\ufe0f\u20e31\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e34\ufe0f\u20e35\ufe0f\u20e36\ufe0f\u20e37\ufe0f\u20e38\ufe0f\u20e3",
        [("phone", "0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8")],
    ),
    ("+81 90 1234 5678", [("phone", "+81 90 1234 5678")]),
    ("0084912345678", [("phone", "0084912345678")]),
    ("0912,345,678", [("phone", "0912,345,678")]),
    ("0912 345 678 (đ/c Nam)", [("phone", "0912 345 678")]),
    ("0912 345 678 đ/c Nam", [("phone", "0912 345 678")]),
    ("HB22-0147 0912345678", [("phone", "0912345678")]),
    ("lớp 01 - 0912345678", [("phone", "0912345678")]),
    ("ａ＠gmail．com", [("email", "ａ＠gmail．com")]),
    ("+84 (0)912 345 678", [("phone", "+84 (0)912 345 678")]),
    ("0912\u200b345678", [("phone", "0912\u200b345678")]),
    ("0912–345–678", [("phone", "0912–345–678")]),
    ("09.12.2022.33", [("phone", "09.12.2022.33")]),
    ("0225-3842123", [("phone", "0225-3842123")]),
    ("0912345678@gmail.com", [("email", "0912345678@gmail.com")]),
    ("123 456 789", [("identity", "123 456 789")]),
    ("cmt em là 123456789", [("identity", "123456789")]),
    ("123456789 và 012345678901", [("identity", "123456789"), ("identity", "012345678901")]),
    ("84912345678 đồng chí Nam", [("phone", "84912345678")]),
    (
        "Gọi 0912345678, 02253842123; a@b.vn",
        [("phone", "0912345678"), ("phone", "02253842123"), ("email", "a@b.vn")],
    ),
]


@pytest.mark.parametrize(("text", "expected"), PERSONAL)
def test_personal_data_is_found_whole(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in find_personal(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "80 triệu",
        "200.000.000 đồng",
        "1 500 000 000 đ",
        "100.000.000",
        "100,000,000",
        "1 500 000 000",
        "500000000",
        "150000000 đ",
        "123456789đ",
        "123.456.789 đồng",
        "19/5/2022",
        "năm 2021 2022 2023",
        "2022-05-19 08:30",
        "05.06.2022 15h",
        "05-06-2022 08:30",
        "7h30 - 11h30",
        "HB22-0147",
        "124-KH/ĐTĐN",
        "13/2021/NĐ-CP",
        "1900 1234",
        "1900561252",
        "1900 561 252",
        "1800 1567",
        "111",
        "113",
        "114",
        "115",
        "08.30 - 11.30 19/5",
        "02 - 04 - 06 - 08 - 10",
        "số 03, 05, 07, 09, 11",
        "2021-2022",
        "12 15 18 20 25 30",
        "100 200 300",
        "1.234.567.890",
        "98.512.345",
        "chứng minh thu nhập 100.000.000 đồng",
        "HB22-0147 24 tuổi",
        "gặp @ quán",
        "email của quận là gì",
        "1 234 567 890",
        "tỷ số 2-1",
        "từ 2020-2021 2021-2022",
        "010203",
        "xin hoi a cong an phuong",
        "3,5 tỷ",
        "50k/ngày",
        "2.500.000-3.000.000",
        "1.000.000 - 2.000.000 đồng",
        "1900 1234 0",
        "@quan_doan",
    ],
)
def test_what_is_nobodys_is_left_alone(text: str) -> None:
    assert mask(text) == text


def test_mask_leaves_the_sentence_and_no_digit() -> None:
    text = "Em tên Nam, sđt 0900 000 000, cccd 031200012345 hoặc nam@gmail.com ạ, năm 2022"
    assert mask(text) == "Em tên Nam, sđt ☎●●●●●●, cccd №●●●●●● hoặc ✉●●●●●● ạ, năm 2022"


NUMBERS = st.lists(
    st.sampled_from(
        [
            "0912",
            "345",
            "678",
            "09",
            "84",
            "+",
            "(",
            ")",
            " ",
            ".",
            "-",
            ",",
            "/",
            "000",
            "0",
            "1",
            "2022",
            "cmnd ",
            "số ",
            "a",
            "@",
            "gmail.com",
            " đ",
            "đồng",
            "\n",
            "o",
            "０",
            "\u200b",
            "1900",
            "HB22-0147",
        ]
    ),
    max_size=25,
).map("".join)


@given(
    st.text(st.characters(codec=None, exclude_categories=()))
    | NUMBERS
    | st.sampled_from([text for text, _ in PERSONAL])
)
def test_mask_is_idempotent_and_spans_stand_apart(text: str) -> None:
    end = 0
    for one in find_personal(text):
        assert end <= one.start < one.end <= len(text)
        end = one.end
    masked = mask(text)
    assert find_personal(masked) == []
    assert mask(masked) == masked


@given(NUMBERS, st.sampled_from(["0912345678", "+84 912 345 678", "an@gmail.com"]), NUMBERS)
def test_a_number_on_its_own_line_never_escapes(before: str, secret: str, after: str) -> None:
    assert secret not in mask(f"{before}\n{secret}\n{after}")

# Chữ trong các tệp được xuất ra. Văn phong hành chính, trang trọng.
# Tên trang tính: nhiều nhất 31 ký tự, không có [ ] : * ? / \

export-sheet-topics = Theo lĩnh vực
export-sheet-units = Theo đơn vị
export-sheet-numbers = Số liệu

export-total = { $total } câu hỏi, kiến nghị
export-made-at = lập lúc { $time } ngày { $day }/{ $month }/{ $year }
export-page = Trang { $page }/{ $pages }
export-nothing = Chưa có câu hỏi, kiến nghị nào thuộc phạm vi này.

export-column-number = STT
export-column-code = Mã
export-column-topic-number = Số lĩnh vực
export-column-topic-code = Mã lĩnh vực
export-column-topic = Lĩnh vực
export-column-text = Nội dung câu hỏi, kiến nghị
export-column-unit = Đơn vị kiến nghị
export-column-unit-code = Mã đơn vị
export-column-count = Số lượt
export-column-department = Cơ quan, đơn vị chuẩn bị trả lời
export-column-due = Thời hạn
export-column-state = Trạng thái
export-column-note = Ghi chú
export-column-asked-on = Ngày gửi
export-column-questions = Số câu hỏi
export-column-milestone = Mốc thời gian

# Một ô không chứa hết thì phần còn lại ở dòng ngay dưới.
export-continues = (xem tiếp dòng dưới)
export-continued = (tiếp theo)

export-sum = Tổng cộng
export-chart-topics = Câu hỏi, kiến nghị theo lĩnh vực
export-chart-units = Câu hỏi, kiến nghị theo đơn vị
export-chart-units-top = { $shown } đơn vị gửi nhiều câu hỏi, kiến nghị nhất
export-chart-days = Câu hỏi, kiến nghị theo ngày gửi

# Danh sách tổng hợp
list-title = Tổng hợp câu hỏi, kiến nghị gửi { $title }
list-everything = Toàn bộ câu hỏi, kiến nghị
list-note-addendum = Gửi bổ sung
list-file-name = danh-sach-cau-hoi
milestone-asking-closes = Hết hạn gửi câu hỏi
milestone-unit-reports-due = Hạn đơn vị gửi tổng hợp
milestone-consolidation-due = Hạn tổng hợp chung

# Dữ liệu của một người
my-data-file-name = du-lieu-cua-toi
my-data-title = Dữ liệu của tôi – { $title }
my-data-account = Tài khoản: { $channel } { $account }
my-data-language = Ngôn ngữ: { $language }
my-data-age = Nhóm tuổi: { $age }
my-data-consent = Đồng ý lúc: { $moment } (bản { $version })
my-data-role = Vai trò: { $role }
my-data-question = { $code } · { $moment } · { $state } · { $unit } · { $topic }

# Số liệu: chữ trong ảnh và chữ đi kèm ảnh (cho cả trình đọc màn hình).
command-stats = số liệu: đơn vị, lĩnh vực, từng ngày
button-stats = Xem số liệu
button-stats-draw = Vẽ biểu đồ
stats-file-name = so-lieu
stats-title = { $title }, tính đến { $moment }
stats-as-of = tính đến { $moment }
stats-number = { $count }
stats-share = { $count }/{ $total }
stats-questions = câu hỏi, kiến nghị
stats-people = người gửi
stats-units-asked = đơn vị có câu hỏi
stats-units-reported = đơn vị đã gửi tổng hợp
stats-cells = Câu hỏi theo đơn vị và lĩnh vực
stats-days = Câu hỏi theo ngày
stats-total = Tổng
stats-none = Chưa có câu hỏi nào
stats-day = { $day }/{ $month }
stats-deadline = { $name }: { $deadline }
stats-not-counted = Không tính câu hỏi đã rút và câu đang chờ cán bộ trực xem.
stats-counted = { $questions } câu hỏi, kiến nghị của { $people } người.
stats-forgotten = { $count } câu không còn nối với người gửi, nên số người thực tế có thể nhiều hơn.
stats-units = { $asked }/{ $units } đơn vị có câu hỏi, { $reported }/{ $units } đơn vị đã gửi tổng hợp.
stats-item = { $name } ({ $count })
stats-top-topics = Lĩnh vực được hỏi nhiều nhất: { $items }.
stats-top-units = Đơn vị gửi nhiều nhất: { $items }.
stats-silent-units = Chưa có câu hỏi: { $items }{ $more ->
    [0] {""}
   *[other] {" "}và { $more } đơn vị khác
}.
stats-busiest-day = Ngày nhiều câu hỏi nhất: { $items }.

# Áp phích và ảnh chia sẻ của một đơn vị. Người đọc là thanh thiếu nhi.
command-poster = áp phích, ảnh chia sẻ có mã QR của đơn vị
button-poster = Áp phích có mã QR
poster-file-name = ap-phich
poster-which-unit = Làm áp phích cho đơn vị nào? Mã QR mở thẳng chỗ gửi câu hỏi của đơn vị đó.
poster-no-unit = Hiện không có đơn vị nào đồng chí có thể làm áp phích.
poster-headline = Bạn muốn hỏi lãnh đạo điều gì?
poster-or-open = hoặc mở { $link }
poster-step-scan = Quét mã QR bằng điện thoại
poster-step-start = Bấm “Bắt đầu” trong Telegram
poster-step-write = Chọn lĩnh vực rồi viết câu hỏi
poster-deadline = Gửi { $deadline }
poster-caption-square = { $unit }: ảnh để chia sẻ trên mạng xã hội. Gửi kèm đường dẫn, vì người xem ảnh trên điện thoại không quét được mã: { $link }
poster-caption-pdf = Áp phích khổ A4 để in, in đen trắng cũng được.
poster-caption-png = Áp phích khổ A4 dạng ảnh, đủ nét để in.

export-ask = Có <b>{ $count }</b> câu hỏi, kiến nghị theo bộ lọc này. Chọn định dạng tệp để xuất, hoặc đặt bộ lọc.
button-export-xlsx = Excel (.xlsx)
button-export-csv = CSV (.csv)
filter-topic = Lĩnh vực: { $value }
filter-unit = Đơn vị: { $value }
filter-state = Trạng thái: { $value }
filter-since = Từ ngày: { $value }
filter-all = tất cả
filter-ask-topic = Chọn lĩnh vực.
filter-ask-unit = Chọn đơn vị.
filter-ask-state = Chọn trạng thái.
filter-ask-since = Lấy câu hỏi gửi từ ngày nào?

retention-ask = Xóa mã tài khoản của mọi người đã gửi câu hỏi? Câu hỏi vẫn còn, nhưng không ai nối được với người gửi nữa. Việc này không hoàn tác được.
button-retention-sure = Xóa danh tính
retention-done = { $count ->
    [0] Không còn danh tính nào cần xóa. Câu hỏi vẫn còn đủ.
   *[other] Đã xóa danh tính của { $count } người. Câu hỏi vẫn còn đủ.
}

held-none = Không có câu hỏi nào cần người xem.
held-title = <b>{ $count } câu hỏi có dấu hiệu nguy hiểm.</b> Đường dây nóng: { $hotline }.
held-question = <b>{ $code }</b>
    <blockquote>{ $text }</blockquote>
button-release = Chuyển { $code } về đơn vị
released = Đã chuyển câu { $code } về đơn vị. Người gửi vẫn giữ mã như trước.
released-before = Câu { $code } đã được xử lý trước đó.

notice-held = <b>Có câu hỏi cần người xem ngay.</b> Nội dung có dấu hiệu một người đang gặp nguy hiểm; người gửi đã được chỉ tới { $hotline }. Câu hỏi đang được giữ lại, chưa chuyển về đơn vị.
notice-retention = Đã qua { $days } ngày kể từ hội nghị. Theo lời hứa với người gửi, danh tính cần được xóa. Bấm nút dưới đây để xác nhận; trước đó không có gì bị xóa.
button-retention = Xem và xác nhận

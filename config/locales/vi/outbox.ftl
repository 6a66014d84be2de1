command-broadcast = gửi thông báo tới mọi người, một đơn vị hoặc một vai trò
command-outbox = tin đang chờ gửi, tin chưa gửi được
button-broadcast = Gửi thông báo
button-outbox = Tin chờ gửi, tin lỗi
button-refresh = Cập nhật

# Thông báo của Ban Tổ chức
notice-broadcast = <b>Thông báo từ { $organiser }</b>

    { $text }

broadcast-ask-text = Viết nội dung thông báo (nhiều nhất { $maximum } ký tự) rồi gửi vào đây. Chưa có gì được gửi đi trước khi xem lại và xác nhận.
broadcast-text-only = Thông báo chỉ nhận chữ viết trực tiếp, không nhận hình, tệp hay tin chuyển tiếp. Xin gõ nội dung, hoặc gõ /huy để thôi.
refused-broadcast-text = { $length ->
    [0] Nội dung thông báo còn trống.
   *[other] Nội dung dài { $length } ký tự, nhiều nhất là { $maximum }. Xin gửi lại bản ngắn hơn.
}
refused-audience-unknown = Không còn nhóm người nhận này. Gõ /thongbao để chọn lại.
refused-broadcast-unknown = Không có thông báo này. Gõ /thongbao để soạn thông báo mới.
button-broadcast-latest = Xem lần gửi gần nhất

broadcast-ask-audience = Gửi thông báo này tới ai?
button-audience-all = Mọi người
button-audience-unit = Một đơn vị
button-audience-role = Một vai trò
button-audience-other = Đổi người nhận
broadcast-ask-unit = Gửi tới đơn vị nào?
broadcast-ask-role = Gửi tới vai trò nào?
audience-all = mọi người

broadcast-last-look = ————
    { $count ->
        [0] Người nhận: { $audience }. Hiện chưa có ai nhận được tin, xin chọn người nhận khác.
       *[other] Phần trên là nguyên văn người nhận sẽ đọc. Người nhận: { $audience }, <b>{ $count } người</b>.
    }
    Muốn sửa, xin gửi lại toàn bộ nội dung mới.
broadcast-quiet = Đang trong giờ yên lặng: tin sẽ được gửi từ { $moment }.
button-broadcast-send = Gửi tới { $count } người
broadcast-nothing-open = Nút này thuộc một thông báo không còn soạn nữa. Chưa có gì được gửi đi.

broadcast-progress = <b>{ $outcome ->
        [stopped] Đã dừng gửi thông báo.
        [going] Đang gửi thông báo…
       *[over] Đã gửi xong thông báo.
    }</b>
    Người nhận: { $audience }, { $people } người.

    • Đã gửi: { $sent }
    • Đang chờ: { $waiting }
    • Không gửi được: { $failed }
    • Không rõ đã tới hay chưa: { $uncertain }
    • Đã hủy: { $cancelled }{ $forgotten ->
        [0] {""}
       *[other] {"\u000A"}• Người nhận đã xóa dữ liệu: { $forgotten }
    }

    Tính đến { $moment }.
broadcast-quoted = <blockquote>{ $text }</blockquote>
button-broadcast-stop = Dừng gửi
broadcast-stopped-now = Đã dừng. { $count } tin còn lại đã hủy.
broadcast-over-before = Thông báo này đã gửi xong hoặc đã dừng trước đó.

# Tin đi
outbox-title = <b>Tin do hội nghị chủ động gửi</b>
    • Đang chờ: { $waiting }
    • Đã gửi: { $sent }
    • Không gửi được: { $failed }
    • Không rõ đã tới hay chưa: { $uncertain }
    • Đã hủy: { $cancelled }

    Câu trả lời không gửi được: { $replies }
    Tính đến { $moment }.
outbox-no-trouble = Không có tin nào gặp lỗi.
outbox-set-aside = Tin nhận vào mà chương trình không xử lý được: { $count }. Người gửi đã được báo để nhắn lại; nguyên nhân ghi trong nhật ký của chương trình.
outbox-trouble = <b>{ $at }. { $kind }</b>, tới { $whom }
    { $moment }: { $state }, { $reason }.
outbox-more = … và { $count } tin cũ hơn.
outbox-replies-note = Câu trả lời không gửi được thì không gửi lại được: nội dung không còn lưu. Người nhận chỉ cần nhắn lại.
outbox-whom-unknown = người không còn lưu dữ liệu
outbox-kind-alert-low-space = Báo sắp hết chỗ lưu trữ
outbox-kind-alert-set-aside = Báo có tin không xử lý được
outbox-kind-alert-uncertain = Báo có tin không rõ đã tới hay chưa
outbox-kind-broadcast = Thông báo
outbox-kind-extended = Báo đổi hạn
outbox-kind-extension-refused = Báo không gia hạn
outbox-kind-extension-request = Đề nghị gia hạn
outbox-kind-held-question = Câu hỏi cần người xem
outbox-kind-late-question = Báo câu hỏi gửi thêm
outbox-kind-nudge = Nhắc việc
outbox-kind-other = Tin khác
outbox-kind-reply = Câu trả lời
outbox-kind-retention-over = Nhắc xóa danh tính
outbox-state-failed = không gửi được
outbox-state-uncertain = không rõ đã tới hay chưa
outbox-reason-blocked = người nhận đã chặn hoặc tài khoản không còn
outbox-reason-refused = Telegram không nhận tin này
outbox-reason-no-answer = mất kết nối, Telegram không trả lời
outbox-reason-cut-off = chương trình dừng giữa lúc gửi
outbox-reason-other = lỗi phía chương trình, đã ghi trong nhật ký
button-retry = Gửi lại tin { $at }
button-retry-uncertain = Gửi lại tin { $at } (có thể gửi hai lần)
outbox-retried = Đã xếp lại vào hàng đợi.
outbox-not-retried = Tin này đã được gửi lại trước đó, hoặc người nhận hiện không nhận được tin.

# Báo Ban Tổ chức khi cần người can thiệp
notice-alert-set-aside = <b>Có { $count } tin nhắn gửi tới mà chương trình không xử lý được.</b> Đây là lỗi của chương trình, không phải của người gửi. Người gửi đã được báo và mời nhắn lại; những tin sau đó vẫn được nhận bình thường.

    Đề nghị đồng chí chuyển tin này cho người vận hành: nguyên nhân ghi trong nhật ký của chương trình.
notice-alert-uncertain = <b>Có { $count } tin nhắc việc hoặc thông báo không rõ đã tới người nhận hay chưa.</b> Kết nối bị ngắt đúng lúc đang gửi. Bot không tự gửi lại, để không ai nhận hai lần.

    Đề nghị đồng chí mở danh sách, xem từng tin và bấm gửi lại tin nào cần chắc chắn tới nơi.
notice-alert-low-space = <b>Máy chủ sắp hết chỗ lưu trữ: chỉ còn { $free } MB.</b> Hiện bot vẫn nhận câu hỏi. Khi hết chỗ, bot không nhận thêm được gì; tin của mọi người chờ ở Telegram nhiều nhất 24 giờ.

    Đề nghị đồng chí báo ngay người vận hành giải phóng dung lượng.
alert-disk-full = <b>Máy chủ đã hết chỗ lưu trữ, bot không ghi thêm được.</b> Câu hỏi đã nhận vẫn còn nguyên. Tin mới của mọi người chờ ở Telegram nhiều nhất 24 giờ và chưa được trả lời.

    Đề nghị đồng chí báo ngay người vận hành giải phóng dung lượng. Có chỗ trở lại thì bot tự làm tiếp, không cần khởi động lại.
alert-halted = <b>Tin nhắc việc và thông báo không gửi đi được đã 10 phút</b> (lúc { $moment }). Không tin nào mất: tất cả vẫn xếp hàng và sẽ tự gửi khi thông trở lại. Bot vẫn nhận câu hỏi và trả lời.

    Nếu thông báo cần tới ngay, đề nghị đồng chí báo bằng cách khác và chuyển tin này cho người vận hành. Gõ /hangdoi để xem số tin đang chờ.

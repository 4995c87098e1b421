# Тексты ошибок, по одному на каждую причину из proto/opora/v1/errors.proto.
invalid-field = { $count ->
    [one] Поле { $field } заполнено неверно: { $detail }
   *[other] Неверно заполнено полей: { $count }; первое – { $field }: { $detail }
}
invalid-filter = Фильтр непонятен с символа { $position }: { $detail }
invalid-page-token = Указатель страницы относится к другому запросу
ticket-not-found = Нет запроса { $name }
resource-not-found = В справочнике нет { $name }
upload-not-found = Такой передачи файла нет, или она прекращена
request-id-reused = Этот идентификатор обращения уже использован для другого
external-id-taken = Этот внешний ключ уже у { $name }
id-taken = { $name } уже существует
etag-mismatch = Кто-то уже внёс изменения; прочтите заново
unseen-message = В запросе есть более новое сообщение, его автор – { $author }
transition-not-allowed = Из состояния { $state } так перейти нельзя; можно: { $allowed }
ticket-state = В состоянии { $state } запрос так изменить нельзя
same-priority = Приоритет уже { $priority }
no-such-rung = Ступени { $rung } нет; высшая – { $highest }
cycle = Запрос нельзя связать или объединить с самим собой, своей частью или потомком
link-state = Такой связи нет, или она уже есть
cannot-undo = Отменять нечего, или это уже изменил кто-то другой
import-not-allowed = Настройки не разрешают задавать время в прошлом
import-time-order = Событие не может быть раньше { $earliest }
revision-compacted = Эта ревизия больше не хранится; самая старая – { $oldest }
revision-in-future = Этой ревизии ещё нет; последняя – { $newest }
store-replaced = Хранилище заменено; теперь это { $store_uid }
watch-too-slow = Поток не читают
disk-full = Диск почти заполнен; чтение продолжается
limit-reached = Слишком много: { $limit }, не больше { $max }
overloaded = Слишком много обращений ждут очереди; повторите
not-serving = Сервер запускается или останавливается; повторите
store-failed = Хранилище отказало и остановлено; нужен администратор
data-corrupt = Сохранённое не совпадает со своей контрольной суммой
deadline-exceeded = Срок ожидания истёк раньше ответа
internal = Ошибка в программе; подробности в журнале сервера
upload-offset = Часть файла должна начинаться с { $committed_size }
upload-content = Содержимое не совпадает с размером или хешем из заголовка
not-permitted = Это вам не разрешено
no-change = Ничего не изменится
ticket-merged = { $name } объединён с { $merged_into }: меняйте тот запрос или сначала разъедините их
archived = { $name } в архиве, назначить нельзя
session-not-found = Такого сеанса нет: сначала начните следить за присутствием

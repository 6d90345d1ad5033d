-- table demo.app.r: _plimsoll_row STRING, _plimsoll_copy INT64, id INT64, price INT64, cost INT64
-- table demo.app_staging.r__RUN: _plimsoll_op STRING, _plimsoll_row STRING, _plimsoll_copy INT64, id INT64, cost INT64
MERGE `demo.app.r` AS T
USING `demo.app_staging.r__RUN` AS S
ON T.`_plimsoll_row` = S.`_plimsoll_row` AND T.`_plimsoll_copy` = S.`_plimsoll_copy` AND T.`_plimsoll_row` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`id` = S.`id`, T.`cost` = S.`cost`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`_plimsoll_row`, `_plimsoll_copy`, `id`, `cost`) VALUES (S.`_plimsoll_row`, S.`_plimsoll_copy`, S.`id`, S.`cost`)

-- table demo.app.jsonkey: _plimsoll_row STRING, _plimsoll_copy INT64, a JSON, b STRING
-- table demo.app_staging.jsonkey__RUN: _plimsoll_op STRING, _plimsoll_row STRING, _plimsoll_copy INT64, a JSON, b STRING
MERGE `demo.app.jsonkey` AS T
USING `demo.app_staging.jsonkey__RUN` AS S
ON T.`_plimsoll_row` = S.`_plimsoll_row` AND T.`_plimsoll_copy` = S.`_plimsoll_copy` AND T.`_plimsoll_row` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`a` = S.`a`, T.`b` = S.`b`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`_plimsoll_row`, `_plimsoll_copy`, `a`, `b`) VALUES (S.`_plimsoll_row`, S.`_plimsoll_copy`, S.`a`, S.`b`)

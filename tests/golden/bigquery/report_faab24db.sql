-- table demo.app.report: _plimsoll_row STRING, _plimsoll_copy INT64, city STRING, price NUMERIC
-- table demo.app_staging.report__RUN: _plimsoll_op STRING, _plimsoll_row STRING, _plimsoll_copy INT64, city STRING, price NUMERIC
MERGE `demo.app.report` AS T
USING `demo.app_staging.report__RUN` AS S
ON T.`_plimsoll_row` = S.`_plimsoll_row` AND T.`_plimsoll_copy` = S.`_plimsoll_copy` AND T.`_plimsoll_row` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`city` = S.`city`, T.`price` = S.`price`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`_plimsoll_row`, `_plimsoll_copy`, `city`, `price`) VALUES (S.`_plimsoll_row`, S.`_plimsoll_copy`, S.`city`, S.`price`)

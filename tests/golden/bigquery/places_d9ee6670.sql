-- table demo.app.places: country STRING, code STRING, name STRING
-- table demo.app_staging.places__RUN: _plimsoll_op STRING, country STRING, code STRING, name STRING
MERGE `demo.app.places` AS T
USING `demo.app_staging.places__RUN` AS S
ON T.`country` = S.`country` AND T.`code` = S.`code` AND T.`country` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`name` = S.`name`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`country`, `code`, `name`) VALUES (S.`country`, S.`code`, S.`name`)
